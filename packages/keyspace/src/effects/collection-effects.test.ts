import { expect, test } from "vitest";
import { Keyspace } from "../keyspace.js";
import { Txn } from "../txn.js";
import { UndoJournal } from "../undo-journal.js";
import { streamId } from "../values/stream-id.js";
import { applyBatch } from "./apply-batch.js";
import { BatchWriter } from "./batch-writer.js";
import { COLLECTION_KINDS } from "./kinds.js";
import { toCommands } from "./to-commands.js";

const NOW_MS = 1_763_683_200_000;

class RecordingWriter extends BatchWriter {
  readonly kinds = new Set<number>();

  override beginCollection(effectKind: number, key: string): void {
    this.kinds.add(effectKind);
    super.beginCollection(effectKind, key);
  }
}

/** Every kind of effect that a collection has. */
function oneOfEach(): RecordingWriter {
  const batch = new RecordingWriter();
  const touch = { touched: () => {}, touchedAll: () => {} };
  const { lists, hashes, sets, sortedSets, streams, ...txn } = started(batch, touch);
  lists.push("l", "head", ["a", Buffer.from("b")]);
  lists.push("l", "tail", ["c", "d"]);
  lists.pop("l", "tail", 1);
  lists.set("l", 0, "z");
  lists.insert("l", "behind", "a", "i");
  lists.remove("l", "tail", 9, "i");
  lists.trim("l", 1, 2);
  hashes.set("h", ["f", "g"], ["v\xff", "w"]);
  hashes.delete("h", ["g", "nothing"]);
  sets.add("s", ["m", "n"]);
  sets.remove("s", ["n"]);
  sortedSets.put("z", ["a", "b", "c"], [1.5, Number.NEGATIVE_INFINITY, 2]);
  sortedSets.remove("z", ["a"]);
  sortedSets.removeRange("z", 0, 1);
  streams.append("x", streamId(1, 2), ["f", "v"]);
  streams.append("x", streamId(1, 3), ["f", "v"]);
  streams.delete("x", [streamId(1, 2)]);
  streams.trim("x", 0);
  streams.setIds("x", streamId(7, 0), 9, streamId(1, 2));
  streams.createGroup("x", "g", streamId(0, 0), -1);
  streams.setGroupPosition("x", "g", streamId(1, 3), 4);
  streams.createConsumer("x", "g", "c", 300);
  streams.append("x", streamId(8, 1), ["f", "v"]);
  const ids = [streamId(8, 1)];
  streams.deliver("x", "g", { consumer: "c", deliveryMs: 300, deliveryCount: 2, ids });
  streams.setConsumerTimes("x", "g", "c", 300, 299);
  streams.acknowledge("x", "g", ids);
  streams.deleteConsumer("x", "g", "c");
  streams.destroyGroup("x", "g");
  txn.publish();
  return batch;
}

function started(batch: BatchWriter, touch: { touched(): void; touchedAll(): void }) {
  const txn = new Txn(new Keyspace(), new UndoJournal(), batch, touch);
  txn.begin(NOW_MS, "lead");
  const { lists, hashes, sets, sortedSets, streams } = txn;
  const publish = () => {
    txn.publish("ch", Buffer.from("hi"), false);
    txn.publish("ch", Buffer.from("hi"), true);
  };
  return { lists, hashes, sets, sortedSets, streams, publish };
}

test("persisted bytes of collections are frozen", () => {
  const payload = Buffer.from(oneOfEach().take(NOW_MS));
  const hex = payload.subarray(13).toString("hex");
  expect(hex).toMatchInlineSnapshot(
    `"0a016c0002016101620a016c0102016301640b016c01010c016c00017a0d016c01016101690e016c010101690f016c01021401680201660276ff016701771501680101671e017302016d016e1f017301016e28017a033ff80000000000000161fff000000000000001624000000000000000016329017a0101612a017a0001320178000000000000000100000000000000020101660176320178000000000000000100000000000000030101660176330178010000000000000001000000000000000234017800350178000000000000000700000000000000000900000000000000010000000000000002360178016700000000000000000000000000000000003701780167000000000000000100000000000000030539017801670163ac023201780000000000000008000000000000000101016601763b017801670163ac020201000000000000000800000000000000013d017801670163ac02ac023c0178016701000000000000000800000000000000013a017801670163380178016709026368026869000902636802686901"`,
  );
});

test("every kind has its canonical Redis commands", () => {
  const commands = toCommands(oneOfEach().take(NOW_MS));
  expect(
    commands.map((argv) => argv.map((word) => word.toString("latin1")).join(" ")),
  ).toMatchInlineSnapshot(`
    [
      "LPUSH l a b",
      "RPUSH l c d",
      "RPOP l 1",
      "LSET l 0 z",
      "LINSERT l AFTER a i",
      "LREM l -1 i",
      "LTRIM l 1 2",
      "HSET h f vÿ g w",
      "HDEL h g",
      "SADD s m n",
      "SREM s n",
      "ZADD z 1.5 a -inf b 2 c",
      "ZREM z a",
      "ZREMRANGEBYRANK z 0 0",
      "XADD x 1-2 f v",
      "XADD x 1-3 f v",
      "XDEL x 1-2",
      "XTRIM x MAXLEN = 0",
      "XSETID x 7-0 ENTRIESADDED 9 MAXDELETEDID 1-2",
      "XGROUP CREATE x g 0-0 MKSTREAM ENTRIESREAD -1",
      "XGROUP SETID x g 1-3 ENTRIESREAD 4",
      "XGROUP CREATECONSUMER x g c",
      "XADD x 8-1 f v",
      "XCLAIM x g c 0 8-1 TIME 300 RETRYCOUNT 2 FORCE JUSTID",
      "XACK x g 8-1",
      "XGROUP DELCONSUMER x g c",
      "XGROUP DESTROY x g",
      "PUBLISH ch hi",
      "SPUBLISH ch hi",
    ]
  `);
});

test("every kind is among them", () => {
  const { kinds } = oneOfEach();
  expect([...kinds].sort()).toEqual([...COLLECTION_KINDS].sort());
});

test("trap-35 cut or damaged payloads of collections are refused by an assertion", () => {
  const payload = Buffer.from(oneOfEach().take(NOW_MS));
  for (let length = 0; length < payload.length; length++) {
    expect(() => toCommands(payload.subarray(0, length))).toThrow();
    expect(() => applyBatch(new Keyspace(), payload.subarray(0, length))).toThrow();
  }
});
