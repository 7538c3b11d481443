/** Client errors of routing and consistency, in the words clients know. Texts without '-' and CRLF. */

/** Redis: cluster.c, clusterRedirectClient. */
export const CLUSTERDOWN = "CLUSTERDOWN The cluster is down";
/** Redis: server.c, processCommand (keyless write on a replica). */
export const READONLY = "READONLY You can't write against a read only replica.";
/** Redis: server.c, shared.loadingerr. Here: committed entries are being applied after a start. */
export const LOADING = "LOADING Redis is loading the dataset in memory";
/** Redis: server.c, shared.oomerr. */
export const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
export const NOAUTH = "NOAUTH Authentication required.";
export const EXECABORT = "EXECABORT Transaction discarded because of previous errors.";
export const EXEC_WITHOUT_MULTI = "ERR EXEC without MULTI";
export const DISCARD_WITHOUT_MULTI = "ERR DISCARD without MULTI";
export const NESTED_MULTI = "ERR MULTI calls can not be nested";
export const WATCH_INSIDE_MULTI = "ERR WATCH inside MULTI is not allowed";
export const WAIT_ON_REPLICA =
  "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a " +
  "replica is configured to be writable (which is not the default) writes to replicas are just " +
  "local and are not propagated.";
export const WAITAOF_ON_REPLICA =
  "ERR WAITAOF cannot be used with replica instances. Please also note that since Redis 4.0 if a " +
  "replica is configured to be writable (which is not the default) writes to replicas are just " +
  "local and are not propagated.";
export const LOCAL_OUT_OF_RANGE = "ERR value is out of range, must be between 0 and 1";
export const NOT_POSITIVE = "ERR value is out of range, must be positive";
export const UNBLOCKED =
  "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
export const TIMEOUT_NOT_INTEGER = "ERR timeout is not an integer or out of range";
export const TIMEOUT_NEGATIVE = "ERR timeout is negative";
export const NOT_INTEGER = "ERR value is not an integer or out of range";
/** Redis: pubsub.c, ssubscribeCommand. */
export const SSUBSCRIBE_INSIDE_EXEC = "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client";

/** Redis: networking.c, addReplySubcommandSyntaxError. */
export function wrongPubSubArguments(subcommand: Buffer): string {
  const name = subcommand.toString("latin1");
  return `ERR unknown subcommand or wrong number of arguments for '${name}'. Try PUBSUB HELP.`;
}

/**
 * Own: the write was handed to the log, and leadership was lost before it was known to be durable. It may
 * or may not survive; never an error that reads as "not done" (trap 37).
 */
export const INDETERMINATE =
  "INDETERMINATE leadership was lost before this write was known to be durable: it may or may not have happened";
/** Own: a definite refusal, everything undone. */
export const EFFECTS_TOO_LARGE =
  "ERR the changes of this command are larger than one log entry can hold; nothing was done";
/** Own: a handler threw; its changes were undone. */
export const INTERNAL = "ERR internal error, nothing was done";
/** Own: a MULTI that could never be one log entry. */
export const MULTI_TOO_LARGE = "ERR the transaction is larger than one log entry can hold";

/**
 * Fatal: at an entry that most members have applied as well this node holds another state than they do. What it would
 * serve is wrong, and the snapshot a start would begin from may be: the host sees to it that the next one does not.
 */
export class StateDivergedError extends Error {
  readonly code = "STATE_DIVERGED";
  override readonly name = "StateDivergedError";

  constructor(index: number, own: string, right: string) {
    super(
      `the state of this node at index ${index} has the digest ${own}, that of most members ${right}: it must not be served`,
    );
  }
}

/** A snapshot's file is not what its description says. */
export class SnapshotMisfitError extends Error {
  readonly code = "SNAPSHOT_MISFIT";
  override readonly name = "SnapshotMisfitError";

  constructor(index: number, found: number) {
    super(`the file of the snapshot of index ${index} is another one's, of index ${found}`);
  }
}
