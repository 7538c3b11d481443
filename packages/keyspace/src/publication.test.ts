import { expect, test } from "vitest";
import { applyBatch } from "./effects/apply-batch.js";
import { BatchWriter } from "./effects/batch-writer.js";
import { Keyspace } from "./keyspace.js";
import type { Published } from "./publication.js";
import { Txn } from "./txn.js";
import { UndoJournal } from "./undo-journal.js";

function leader() {
  const keyspace = new Keyspace();
  const journal = new UndoJournal();
  const batch = new BatchWriter();
  const txn = new Txn(keyspace, journal, batch, { touched: () => {}, touchedAll: () => {} });
  txn.begin(1, "lead");
  const heard: string[] = [];
  const published: Published = (channel, message, sharded) => {
    heard.push(`${sharded ? "s" : ""}${channel}=${Buffer.from(message).toString("latin1")}`);
  };
  return { keyspace, journal, batch, txn, heard, published };
}

test("messages are handed out in order when their place is committed, once", () => {
  const { txn, journal, batch, heard, published } = leader();
  const message = Buffer.from("1");
  txn.publish("a", message, false);
  // What the caller does with its bytes is no longer the message's business.
  message[0] = 0;
  txn.putString("k", "v", 0);
  txn.publish("b", Buffer.from("2"), true);
  const half = journal.position;
  txn.publish("a", Buffer.from("3"), false);
  const touched: (string | null)[] = [];
  journal.commitTo(half, (key) => touched.push(key), published);
  expect(heard).toEqual(["a=1", "sb=2"]);
  expect(touched).toEqual(["", "k", ""]);
  journal.commitTo(journal.position, () => {}, published);
  expect(heard).toEqual(["a=1", "sb=2", "a=3"]);
  expect(journal.memoryBytes).toBe(0);
  const followers: Published = (channel, bytes, sharded) => published(channel, bytes, sharded);
  heard.length = 0;
  applyBatch(new Keyspace(), batch.take(1), followers);
  expect(heard).toEqual(["a=1", "sb=2", "a=3"]);
});

test("trap-32 a message that is taken back is never handed out, and leaves no bytes", () => {
  const { txn, journal, batch, keyspace, heard, published } = leader();
  txn.publish("kept", Buffer.from("1"), false);
  const bytes = batch.bytes;
  const mark = txn.mark();
  txn.publish("undone", Buffer.from("2"), false);
  txn.undoTo(mark);
  expect([batch.bytes, batch.effects, txn.effectCount]).toEqual([bytes, 1, 1]);
  const start = journal.position;
  txn.publish("rolled back", Buffer.from("3"), false);
  journal.rollbackTo(start, keyspace);
  journal.commitTo(journal.position, () => {}, published);
  expect(heard).toEqual(["kept=1"]);
});

test("trap-20 a message that waits for its commit counts as undo", () => {
  const { txn, journal } = leader();
  txn.publish("a", Buffer.alloc(100_000), false);
  expect(journal.memoryBytes).toBeGreaterThan(100_000);
});
