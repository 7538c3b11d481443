/** The durable log on LevelDB: `DurableLog` of replica/ports, its birth and its opening. */

export { type BootstrapOptions, bootstrapLog, replaceLog } from "./bootstrap.js";
export { checkLog, type LogVerdict, type PartVerdict, type Verdict } from "./check-log.js";
export { ENTRY_BYTES_MAX } from "./constants.js";
export {
  AlreadyInitialisedError,
  DataMissingError,
  IdentityMismatchError,
  LogDamagedError,
  type LogErrorCode,
  StoreLockedError,
  StoreUnavailableError,
  WriteFailedError,
} from "./errors.js";
export type { LogIdentity } from "./identity.js";
export { LevelLog } from "./level-log.js";
export { LogReaderOfThread, openLogReader } from "./log-reader.js";
export { type OpenOptions, openLog } from "./open.js";
export { SnapshotSource } from "./snapshot-source.js";
export { SnapshotFiles } from "./snapshots.js";
export {
  type LogDamage,
  type LogPart,
  openStoppedLog,
  type PartDamage,
  type StoppedLog,
} from "./stopped-log.js";
