/** What Txn lends to the mutators of each collection type. */

import type { BatchWriter } from "../effects/batch-writer.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { Value } from "../value.js";

export interface EffectScope {
  readonly store: Store;
  readonly journal: UndoJournal;
  readonly batch: BatchWriter;
  /** Deletes an expired key, by an effect of its own. */
  get(key: string): Value | undefined;
  /** Before an effect is encoded. */
  beginEffect(): void;
  /** After it was applied. */
  touched(key: string): void;
  /** The key exists: DELETE_KEY. */
  deleteExisting(key: string): void;
}
