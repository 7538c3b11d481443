import {
  BatchWriter,
  Keyspace,
  STREAM_ID_MIN,
  streamIdOf,
  Txn,
  UndoJournal,
} from "@redoubt/keyspace";
import { expect, test } from "vitest";
import { restoreStream } from "./restore-stream.js";

/** Ids of the stream that is made of entries 2 and 4 while 1 to 4 are pending. */
function idsKept(maxDeletedId: string): {
  entries: string[];
  pending: number;
  maxDeletedId: string;
} {
  const keyspace = new Keyspace();
  const touch = { touched: () => {}, touchedAll: () => {} };
  const txn = new Txn(keyspace, new UndoJournal(), new BatchWriter(), touch);
  txn.begin(1, "lead");
  const ids = [1, 2, 3, 4].map((number) => streamIdOf(number, 0));
  restoreStream(txn.streams, "s", {
    type: "stream",
    entries: [ids[1]!, ids[3]!].map((id) => ({ id, fields: ["f", "v"] })),
    lastId: ids[3]!,
    maxDeletedId,
    entriesAdded: 4,
    groups: [
      {
        name: "g",
        lastDeliveredId: ids[3]!,
        entriesRead: 4,
        consumers: [
          {
            name: "c",
            seenMs: 1,
            activeMs: 1,
            pending: ids.map((id) => ({ id, deliveryMs: 1, deliveryCount: 1 })),
          },
        ],
      },
    ],
  });
  const stream = txn.get("s") as Extract<ReturnType<Txn["get"]>, { lastId: string }>;
  const entries: string[] = [];
  stream.forEachUp(STREAM_ID_MIN, (id) => {
    entries.push(id);
    return true;
  });
  const pending = stream.group("g")!.pendingCount;
  return { entries, pending, maxDeletedId: stream.maxDeletedId };
}

test("entries beside those that are gone and pending are kept, whatever was written down of deletions", () => {
  // As Redis before 7.0 dumps it: deleted and trimmed are told apart by where they lay.
  for (const maxDeletedId of [STREAM_ID_MIN, streamIdOf(3, 0)]) {
    expect(idsKept(maxDeletedId)).toEqual({
      entries: [streamIdOf(2, 0), streamIdOf(4, 0)],
      pending: 4,
      maxDeletedId,
    });
  }
});
