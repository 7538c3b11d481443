/** Operating errors of the gateway and of starting a node. Codes are stable, lines are for operators. */

export type NodeErrorCode =
  | "PORT_IN_USE"
  | "BIND_FAILED"
  | "DIRECTORY_UNUSABLE"
  | "PIDFILE_UNWRITABLE"
  | "BOOTSTRAP_INCOMPLETE"
  | "JOIN_STOPPED"
  | "ELECTION_TIMING_DIFFERS"
  | "NODE_ROLE_DIFFERS"
  | "REPLICATION_MODE_DIFFERS"
  | "LOG_ROLLED_BACK"
  | "STATE_DIVERGED"
  | "SNAPSHOT_OTHER_STATE";

export class NodeError extends Error {
  override readonly name = "NodeError";
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Node's errno text of a failed system call, or "" for anything else. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return "";
}
