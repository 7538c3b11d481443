import { expect, test } from "vitest";
import { ELEMENT_SEGMENT_ENTRIES_MAX } from "../constants.js";
import { BatchWriter } from "../effects/batch-writer.js";
import { Keyspace } from "../keyspace.js";
import { Txn } from "../txn.js";
import { UndoJournal } from "../undo-journal.js";

test("trap-56 more members than one Set should hold are told apart all the same", () => {
  const touch = { touched: () => {}, touchedAll: () => {} };
  const txn = new Txn(new Keyspace(), new UndoJournal(), new BatchWriter(), touch);
  txn.begin(1000, "lead");
  const members = Array.from({ length: ELEMENT_SEGMENT_ENTRIES_MAX }, (_, i) => String(i));
  expect(txn.sets.add("s", [...members, "0", "new", "1"])).toBe(ELEMENT_SEGMENT_ENTRIES_MAX + 1);
  expect(txn.sets.remove("s", [...members, "0", "nosuch"])).toBe(ELEMENT_SEGMENT_ENTRIES_MAX);
  expect(txn.sets.remove("s", ["new"])).toBe(1);
  expect(txn.has("s")).toBe(false);
});
