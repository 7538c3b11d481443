export { AssertionError } from "./assert.js";
export { crc32c, entryChecksum } from "./checksum.js";
export {
  allMembers,
  bootstrapEntries,
  decodeConfiguration,
  encodeConfiguration,
  isVoterIn,
  memberOf,
} from "./configuration.js";
export { clockDriftPercentMaxDefault } from "./constants.js";
export { ConfigurationError, LogRolledBackError } from "./errors.js";
export {
  type ChangeRefusal,
  type ChangeResult,
  type ConfigurationChange,
  withLearner,
  withoutMember,
  withPromoted,
  withReplacement,
} from "./membership.js";
export { type PeerProgress, Raft, type RaftOptions, type TransferRefusal } from "./raft.js";
export * from "./types.js";
