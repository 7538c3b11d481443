/** Operating errors of the raft package: stable `code`, listed here. */

/** Bytes or a value that are not a configuration this version can read or write. */
export class ConfigurationError extends Error {
  readonly code = "CONFIGURATION_MALFORMED";

  constructor(text: string) {
    super(text);
    this.name = "ConfigurationError";
  }
}

/**
 * The leader knows of entries that this node had acknowledged as durable and does not have: its directory is an
 * older one under the same incarnation (restored from a backup, or a disk that lied). It may have forgotten votes
 * as well, so it must not go on as the voter it was: it comes back as a new incarnation (trap 43).
 */
export class LogRolledBackError extends Error {
  readonly code = "LOG_ROLLED_BACK";

  constructor(text: string) {
    super(text);
    this.name = "LogRolledBackError";
  }
}
