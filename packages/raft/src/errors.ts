/** Operating errors of the raft package: stable `code`, listed here. */

/** Bytes or a value that are not a configuration this version can read or write. */
export class ConfigurationError extends Error {
  readonly code = "CONFIGURATION_MALFORMED";

  constructor(text: string) {
    super(text);
    this.name = "ConfigurationError";
  }
}
