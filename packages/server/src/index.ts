/** One node as a process: composition, configuration, sockets. */

export { type ConfigEnvironment, ConfigError, ServerConfig } from "./config/index.js";
export { NodeError, type NodeErrorCode } from "./gateway/errors.js";
export { hostHandlers } from "./host/server-host.js";
export { type Logging, type ServerLogger, startLogging } from "./logging.js";
export { type NodeLogger, type RunningNode, type StartOptions, startNode } from "./node.js";
