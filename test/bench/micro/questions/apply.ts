import {
  applyBatch,
  BatchWriter,
  batchEffectCount,
  Keyspace,
  Txn,
  UndoJournal,
} from "@redoubt/keyspace";
import { type Case, flatTexts, type Question } from "../question.js";

const NOW_MS = 1_700_000_000_000;
const VALUE = Buffer.alloc(64, "v");
/** Elements of the collections before. */
const ELEMENTS = 100;
const PAYLOADS = 100;
/** No divisor in common with the number of keys: those of the batches come in no order, each once. */
const STRIDE = 38_971;

export const question: Question = {
  asks: "What does an effect cost a follower that applies its committed batch?",
  cases: [
    applying("SET over an old key, a batch of 1", 1, set),
    applying("SET over an old key, a batch of 16", 16, set),
    applying("SET over an old key, a batch of 1 000", 1000, set),
    scattered("SET over one of 500 000 old keys, batches of 1 000", 500_000, 1_000),
    applying("HSET of an old field, a batch of 16", 16, (txn, key) => {
      txn.hashes.set("hash", [key], [key]);
    }),
    applying("LPUSH and RPOP, a batch of 32", 16, (txn, key) => {
      txn.lists.push("list", "head", [key]);
      txn.lists.pop("list", "tail", 1);
    }),
  ],
};

function set(txn: Txn, key: string): void {
  txn.putString(key, VALUE, 0);
}

/** The same batch again and again: whatever it finds, it changes as much. */
function applying(name: string, count: number, write: (txn: Txn, key: string) => void): Case {
  return {
    name,
    unit: "effect",
    prepare: () => {
      const batch = new BatchWriter();
      const touch = { touched: () => {}, touchedAll: () => {} };
      const txn = new Txn(new Keyspace(), new UndoJournal(), batch, touch);
      txn.begin(NOW_MS, "lead");
      const keys = flatTexts("key:", Math.max(count, ELEMENTS), 16);
      for (const key of keys) set(txn, key);
      txn.hashes.set("hash", keys, keys);
      txn.lists.push("list", "tail", keys);
      const keyspace = new Keyspace();
      applyBatch(keyspace, batch.take(NOW_MS));
      for (const key of keys.slice(0, count)) write(txn, key);
      const payload = batch.take(NOW_MS);
      const effects = batchEffectCount(payload);
      return () => {
        applyBatch(keyspace, payload);
        return keyspace.size > 0 ? effects : 0;
      };
    },
  };
}

/** Batches one after the other, over keys whose memory nobody has touched for a while. */
function scattered(name: string, keyCount: number, count: number): Case {
  return {
    name,
    unit: "effect",
    prepare: () => {
      const keys = flatTexts("key:", keyCount, 16);
      const batch = new BatchWriter();
      const keyspace = new Keyspace();
      for (const key of keys) batch.putString(key, VALUE, 0);
      applyBatch(keyspace, batch.take(NOW_MS));
      const payloads = Array.from({ length: PAYLOADS }, (_, at) => {
        for (let n = 0; n < count; n++) {
          batch.putString(keys[((at * count + n) * STRIDE) % keyCount]!, VALUE, 0);
        }
        return batch.take(NOW_MS);
      });
      let next = 0;
      return () => {
        applyBatch(keyspace, payloads[next++ % payloads.length]!);
        return keyspace.size === keyCount ? count : 0;
      };
    },
  };
}
