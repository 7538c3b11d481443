import {
  AuditWalk,
  auditDigest,
  BatchWriter,
  Keyspace,
  stateDigest,
  Txn,
  UndoJournal,
} from "@redoubt/keyspace";
import { AUDIT_LOOK_WORK } from "../../../../packages/replica/src/constants.js";
import { type Case, flatTexts, type Question } from "../question.js";

const KEYS = 1000;
const FIELDS = 10;
const NOW_MS = 1_700_000_000_000;
const DIGEST_LENGTH = 16;

export const question: Question = {
  asks: "What does it cost a key that nodes compare their states?",
  cases: [
    digesting("whole state, 1 000 strings of 64 B", strings, stateDigest),
    digesting("whole state, 1 000 hashes of 10 fields", hashes, stateDigest),
    digesting("check index, 1 000 strings of 64 B", strings, (k) => auditDigest(k, 1)),
    digesting("check index, 1 000 hashes of 10 fields", hashes, (k) => auditDigest(k, 1)),
    digesting("check index step by step, 1 000 strings", strings, walked),
  ],
};

function digesting(
  name: string,
  fill: (txn: Txn, key: string) => void,
  digest: (keyspace: Keyspace) => string,
): Case {
  return {
    name,
    unit: "key",
    prepare: () => {
      const keyspace = new Keyspace();
      const touch = { touched: () => {}, touchedAll: () => {} };
      const txn = new Txn(keyspace, new UndoJournal(), new BatchWriter(), touch);
      txn.begin(NOW_MS, "lead");
      for (const key of flatTexts("key:", KEYS, 16)) fill(txn, key);
      return () => (digest(keyspace).length === DIGEST_LENGTH ? KEYS : 0);
    },
  };
}

function strings(txn: Txn, key: string): void {
  txn.putString(key, Buffer.alloc(64, "v"), 0);
}

function hashes(txn: Txn, key: string): void {
  const fields = flatTexts("field:", FIELDS, 12);
  txn.hashes.set(key, fields, fields);
}

function walked(keyspace: Keyspace): string {
  const walk = new AuditWalk(keyspace, 1);
  while (!walk.step(AUDIT_LOOK_WORK));
  return walk.digest ?? "";
}
