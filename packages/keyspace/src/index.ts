export { KeyspaceAssertionError } from "./assert.js";
export { Blob } from "./blob.js";
export { debugDigest } from "./digest/debug-digest.js";
export { stateDigest } from "./digest/state-digest.js";
export { applyBatch } from "./effects/apply-batch.js";
export { batchLogTimeMs } from "./effects/batch-reader.js";
export { BatchWriter } from "./effects/batch-writer.js";
export { clearKeyspace } from "./effects/clear-keyspace.js";
export { toCommands } from "./effects/to-commands.js";
export { Keyspace } from "./keyspace.js";
export { keySlot } from "./slot.js";
export { type TouchSink, Txn, type TxnMode } from "./txn.js";
export { UndoJournal } from "./undo-journal.js";
export {
  type StringValue,
  stringBytes,
  stringLength,
  stringToLatin1,
  type TypeName,
  typeOf,
  type Value,
} from "./value.js";
