export { AssertionError } from "./assert.js";
export { crc32c, entryChecksum } from "./checksum.js";
export { bootstrapEntries, decodeConfiguration, encodeConfiguration } from "./configuration.js";
export { ConfigurationError } from "./errors.js";
export type { ChangeRefusal, ChangeResult, ConfigurationChange } from "./membership.js";
export { type PeerProgress, Raft, type RaftOptions, type TransferRefusal } from "./raft.js";
export * from "./types.js";
