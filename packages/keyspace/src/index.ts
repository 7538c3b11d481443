export { KeyspaceAssertionError } from "./assert.js";
export { Blob } from "./blob.js";
export { STREAM_ENTRY_BYTES_MAX } from "./constants.js";
export { AUDIT_FORMAT_VERSION, AuditWalk, auditDigest, auditSum } from "./digest/audit-walk.js";
export { debugDigest, debugDigestValue } from "./digest/debug-digest.js";
export { stateDigest } from "./digest/state-digest.js";
export { StateSum } from "./digest/state-sum.js";
export { parseBoundDouble, parseDouble } from "./double.js";
export { doubleText } from "./double-text.js";
export { applyBatch, applyBehindFlush, applyLibraries } from "./effects/apply-batch.js";
export { batchEffectCount, batchLogTimeMs } from "./effects/batch-reader.js";
export { BatchWriter } from "./effects/batch-writer.js";
export { encodeKey, encodeState } from "./effects/encode-state.js";
export type { Delivery } from "./effects/group-effects.js";
export { replaceState } from "./effects/replace-state.js";
export { toCommands } from "./effects/to-commands.js";
export { forEachTouched, type TouchedSink } from "./effects/touched-keys.js";
export { RdbError, type RdbErrorCode } from "./errors.js";
export {
  INT64_MAX,
  INT64_MIN,
  INT64_TEXT_MAX,
  type Integer,
  int64Of,
  parseInteger,
} from "./int64.js";
export { Keyspace } from "./keyspace.js";
export type { LibrariesView } from "./libraries.js";
export { type LibraryName, libraryName } from "./library-name.js";
export { entryBytes } from "./memory.js";
export type { Published } from "./publication.js";
export { crc64 } from "./rdb/crc64.js";
export { DistinctTexts } from "./rdb/distinct-texts.js";
export {
  dumpLibraries,
  type LibrariesRead,
  type LibraryLimits,
  readLibraries,
} from "./rdb/library-payload.js";
export { dumpPayload, footerOk, readPayload } from "./rdb/payload.js";
export type { PayloadLimits } from "./rdb/payload-reader.js";
export type { RdbSource } from "./rdb/rdb-input.js";
export { type RdbPart, RdbReader } from "./rdb/rdb-reader.js";
export { type RdbSink, RdbWriter } from "./rdb/rdb-writer.js";
export { idOf as streamIdOf } from "./rdb/stream-ids.js";
export type {
  Restored,
  RestoredConsumer,
  RestoredEntry,
  RestoredGroup,
  RestoredPending,
  RestoredStream,
} from "./rdb/types.js";
export { seedKeyHashes } from "./segment.js";
export { keySlot } from "./slot.js";
export type { ListEnd, ListSide, StringInput } from "./txn/lists.js";
export { type TouchSink, Txn, type TxnMode } from "./txn.js";
export { UndoJournal } from "./undo-journal.js";
export {
  isStringValue,
  keptString,
  type StringValue,
  stringBytes,
  stringLength,
  stringPart,
  stringToLatin1,
  type TypeName,
  typeOf,
  type Value,
} from "./value.js";
export { ENTRIES_READ_UNKNOWN, NEVER_ACTIVE } from "./values/consumer-group.js";
export { intersect, subtract, unite } from "./values/set-algebra.js";
export type { LexBound, LexRange, RankRange, ScoreRange } from "./values/sorted-range.js";
export {
  formatStreamId,
  generatedSeqId,
  generatedStreamId,
  nextStreamId,
  parseStreamId,
  previousStreamId,
  STREAM_ID_MAX,
  STREAM_ID_MIN,
  type StreamId,
} from "./values/stream-id.js";
export { entriesReadWith, entriesUpTo, groupLag } from "./values/stream-lag.js";
export {
  asHash,
  asList,
  asSet,
  asSortedSet,
  asStream,
  type ConsumerGroupView,
  type ConsumerView,
  type HashView,
  type ListView,
  type SetView,
  type SortedSetView,
  type StreamView,
} from "./views.js";
