import { BatchWriter, Keyspace, Txn, UndoJournal } from "@redoubt/keyspace";
import { type Case, flatTexts, type Question } from "../question.js";

/** Commands of one batch: what 16 connections send in one turn. */
const BATCH = 16;
/** Keys before all are let go at once: what is made has to stay bounded. */
const KEYS = 65_536;
const FIELDS = 100;
const NOW_MS = 1_700_000_000_000;

export const question: Question = {
  asks: "What does a write cost the leader: mutation, undo record and effect bytes, sealed and committed?",
  cases: [
    batches("SET of a new key, 64 B", setNew),
    batches("SET over an old one, 64 B", setOver(1000, 64)),
    batches("SET over an old one, 64 KiB", setOver(4, 65_536)),
    batches("HSET over one of 100 fields, 12 B", setField),
  ],
};

type Write = () => void;

/** Nobody listens for touched keys: what hazards cost is another question. */
function batches(name: string, writing: (txn: Txn) => Write): Case {
  return {
    name,
    unit: "write",
    prepare: () => {
      const journal = new UndoJournal();
      const batch = new BatchWriter();
      const touch = { touched: () => {}, touchedAll: () => {} };
      const txn = new Txn(new Keyspace(), journal, batch, touch);
      txn.begin(NOW_MS, "lead");
      const write = writing(txn);
      return () => {
        for (let i = 0; i < BATCH; i++) {
          txn.begin(NOW_MS, "lead");
          write();
        }
        const payload = batch.take(NOW_MS);
        journal.commitTo(journal.position, () => {});
        return payload.length > 0 ? BATCH : 0;
      };
    },
  };
}

function setNew(txn: Txn): Write {
  const keys = flatTexts("key:", KEYS, 16);
  const value = Buffer.alloc(64, "v");
  let next = 0;
  return () => {
    if (next === KEYS) {
      txn.flushAll();
      next = 0;
    }
    txn.putString(keys[next++]!, value, 0);
  };
}

function setOver(count: number, bytes: number): (txn: Txn) => Write {
  const value = Buffer.alloc(bytes, "v");
  return (txn) => {
    const keys = flatTexts("key:", count, 16);
    for (const key of keys) txn.putString(key, value, 0);
    let next = 0;
    return () => txn.putString(keys[next++ % count]!, value, 0);
  };
}

/** A value that is another each time a field comes round. */
function setField(txn: Txn): Write {
  const fields = flatTexts("field:", FIELDS, 12);
  const values = flatTexts("value:", FIELDS + 1, 12);
  txn.hashes.set("hash", fields, fields);
  let next = 0;
  return () => {
    const value = values[next % (FIELDS + 1)]!;
    txn.hashes.set("hash", [fields[next++ % FIELDS]!], [value]);
  };
}
