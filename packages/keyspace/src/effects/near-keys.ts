/**
 * Brings what a batch is about to touch into the processor's caches, some keys ahead of their effects.
 *
 * Applied one by one, each effect waits for memory again and again: its shard, its slot, the key, the old value are in
 * places that nobody has touched lately. Read in loops that do nothing else, those of many keys are waited for together.
 * Redis's kin do the same for the commands they have read (Valkey: "prefetch-batch-max-size").
 *
 * Nothing but time depends on it: nothing is changed, and a key that is not found is looked for again.
 */

import { NEAR_KEY_LENGTH_MAX, NEAR_KEYS } from "../constants.js";
import { keyHashOfBytes } from "../segment.js";
import { keyShardOfBytes } from "../slot.js";
import type { Store } from "../store.js";
import { BatchReader } from "./batch-reader.js";
import { isKeyless, passFields } from "./touched-keys.js";

const shards = new Uint8Array(NEAR_KEYS);
const hashes = new Int32Array(NEAR_KEYS);

export class NearKeys {
  private readonly payload: Uint8Array;
  private readonly reader: BatchReader;
  /** What was read has come to: were it dropped, the reads might be left out. */
  sum = 0;

  constructor(payload: Uint8Array) {
    this.payload = payload;
    this.reader = new BatchReader(payload);
  }

  /** Those of the next NEAR_KEYS effects. */
  bring({ contents }: Store): void {
    const { payload, reader } = this;
    let count = 0;
    for (let passed = 0; passed < NEAR_KEYS && reader.nextUnnamed(); passed++) {
      passFields(reader);
      const { keyFrom, keyEnd } = reader;
      if (keyEnd - keyFrom > NEAR_KEY_LENGTH_MAX || isKeyless(reader.kind)) continue;
      hashes[count] = keyHashOfBytes(payload, keyFrom, keyEnd);
      shards[count] = keyShardOfBytes(payload, keyFrom, keyEnd);
      count++;
    }
    this.sum += contents.values.bringNear(shards, hashes, count);
    if (contents.deadlines.size > 0) {
      this.sum += contents.deadlines.bringNear(shards, hashes, count);
    }
  }
}
