/** Configuration as the rest of the server uses it. */

export { unsafeMode } from "./checks.js";
export { ConfigError } from "./errors.js";
export { readPeerSecret } from "./peer-secret.js";
export type { ConfigName } from "./rows.js";
export { ServerConfig } from "./server-config.js";
export { type ConfigEnvironment, processEnvironment } from "./start-values.js";
export type { BufferLimit, BufferLimits, ListenAddress, Peer } from "./values.js";
export { redisVersion, redoubtVersion } from "./version.js";
