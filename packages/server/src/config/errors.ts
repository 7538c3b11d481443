/** Operating errors of configuration. One clear line each: the launcher prints `message` and exits 1. */

/** The configuration cannot be used: a bad line, an unknown option, values that contradict each other. */
export class ConfigError extends Error {
  readonly code = "CONFIG_INVALID";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConfigError";
  }
}
