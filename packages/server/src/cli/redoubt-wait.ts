/** Looks at the leader's status again and again until something has come about. */

import { setTimeout as pause } from "node:timers/promises";
import type { ClusterClient } from "./redoubt-client.js";
import { type ClusterStatus, leadersStatus } from "./redoubt-cluster-status.js";
import { pollIntervalMs } from "./redoubt-constants.js";
import { CliError, type Terminal } from "./redoubt-terminal.js";

export interface Wish {
  readonly timeoutSeconds: number;
  /** What the timeout is told with: what is certain, and what is not. */
  readonly onTimeout: string;
  /** "": it has come about; else where it stands, for people who watch. */
  look(status: ClusterStatus): string;
}

/** The status in which it had come about. Throws TIMEOUT; a node that is away for a moment is no reason to give up. */
export async function waitFor(
  client: ClusterClient,
  terminal: Terminal,
  wish: Wish,
): Promise<ClusterStatus> {
  const deadlineMs = performance.now() + wish.timeoutSeconds * 1000;
  let standing = "";
  for (;;) {
    try {
      const status = await leadersStatus(client);
      standing = wish.look(status);
      if (standing === "") {
        terminal.progress("");
        return status;
      }
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== "UNREACHABLE") throw error;
      standing = error.message;
    }
    terminal.progress(standing);
    if (performance.now() > deadlineMs) {
      throw new CliError("TIMEOUT", `${wish.onTimeout}: ${standing}`);
    }
    await pause(pollIntervalMs);
  }
}
