export { REPLICATION_MODES, type ReplicationMode } from "./ack-policy.js";
export { AssertionError } from "./assert.js";
export * from "./constants.js";
export * from "./errors.js";
export * from "./ports.js";
export { type ReadMode, Replica, type ReplicaOptions } from "./replica.js";
export type { InFlightWindow } from "./sealer.js";
export { type Blocked, type ReplyMode, Session, type SessionEvents } from "./session.js";
export {
  type BuiltSnapshot,
  buildSnapshot,
  type PreviousSnapshot,
  type SnapshotFacts,
  type SnapshotInput,
  verifySnapshot,
} from "./snapshot-builder.js";
export type { AuditStatus, LoadStatus, ReplicaStatus } from "./status.js";
