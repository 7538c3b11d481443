/** The durable log on LevelDB: `DurableLog` of replica/ports, its birth and its opening. */

export { type BootstrapOptions, bootstrapLog, replaceLog } from "./bootstrap.js";
export { checkLog, type LogVerdict, type PartVerdict, type Verdict } from "./check-log.js";
export { ENTRY_BYTES_MAX } from "./constants.js";
export type { ThreadKeys } from "./encryption/data-keys.js";
export {
  readSnapshotFile,
  type SnapshotFileReader,
  type SnapshotSealer,
  snapshotSealer,
} from "./encryption/encryption.js";
export { MasterKeys, parseMasterKeys } from "./encryption/master-keys.js";
export {
  AlreadyInitialisedError,
  DataMissingError,
  EncryptionKeyMissingError,
  EncryptionKeyWrongError,
  IdentityMismatchError,
  LogDamagedError,
  type LogErrorCode,
  NotEncryptedError,
  StoreLockedError,
  StoreUnavailableError,
  WriteFailedError,
} from "./errors.js";
export type { LogIdentity } from "./identity.js";
export { LevelLog, type WrittenBytes } from "./level-log.js";
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
