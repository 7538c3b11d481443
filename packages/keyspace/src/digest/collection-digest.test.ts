/** Every field of every collection shows in the state digest; the form it is held in does not. */

import { expect, test } from "vitest";
import { BatchWriter } from "../effects/batch-writer.js";
import { Keyspace } from "../keyspace.js";
import { Txn } from "../txn.js";
import { UndoJournal } from "../undo-journal.js";
import { streamId } from "../values/stream-id.js";
import { debugDigest } from "./debug-digest.js";
import { stateDigest } from "./state-digest.js";

type Change = (txn: Txn) => void;

function stateOf(...changes: readonly Change[]): Keyspace {
  const keyspace = new Keyspace();
  const touch = { touched: () => {}, touchedAll: () => {} };
  const txn = new Txn(keyspace, new UndoJournal(), new BatchWriter(), touch);
  txn.begin(0, "lead");
  for (const change of changes) change(txn);
  return keyspace;
}

const id = (seq: number) => streamId(1, seq);

/** One of each type, with everything it can have. */
const base: Change = ({ lists, hashes, sets, sortedSets, streams }) => {
  lists.push("l", "tail", ["a", "b"]);
  hashes.set("h", ["f", "g"], ["1", "2"]);
  sets.add("s", ["m", "n"]);
  sortedSets.put("z", ["m", "n"], [1, 2]);
  streams.append("x", id(1), ["f", "v"]);
  streams.append("x", id(2), ["f", "v"]);
  streams.createGroup("x", "g", id(1), 1);
  streams.createConsumer("x", "g", "c", 5);
  streams.createConsumer("x", "g", "d", 5);
  streams.deliver("x", "g", { consumer: "c", deliveryMs: 7, deliveryCount: 1, ids: [id(1)] });
};

const delivered = (consumer: string, deliveryMs: number, deliveryCount: number): Change => {
  const delivery = { consumer, deliveryMs, deliveryCount, ids: [id(1)] };
  return ({ streams }) => streams.deliver("x", "g", delivery);
};

const changes: Readonly<Record<string, Change>> = {
  "an element": ({ lists }) => lists.set("l", 0, "c"),
  "the order of elements": ({ lists }) => {
    lists.pop("l", "head", 1);
    lists.push("l", "tail", ["a"]);
  },
  "where elements are divided": ({ lists }) => {
    lists.set("l", 0, "ab");
    lists.set("l", 1, "");
  },
  "a field": ({ hashes }) => hashes.set("h", ["i"], ["1"]),
  "a field's value": ({ hashes }) => hashes.set("h", ["f"], ["2"]),
  "which field has which value": ({ hashes }) => hashes.set("h", ["f", "g"], ["2", "1"]),
  "a member": ({ sets }) => sets.add("s", ["o"]),
  "a member that is gone": ({ sets }) => sets.remove("s", ["n"]),
  "a score": ({ sortedSets }) => sortedSets.put("z", ["m"], [1.5]),
  "which member has which score": ({ sortedSets }) => sortedSets.put("z", ["m", "n"], [2, 1]),
  "an entry": ({ streams }) => streams.append("x", id(3), ["f", "v"]),
  "an entry that is gone": ({ streams }) => streams.delete("x", [id(2)]),
  "a stream's last id": ({ streams }) => streams.setIds("x", id(9), 2, id(0)),
  "a stream's counter": ({ streams }) => streams.setIds("x", id(2), 3, id(0)),
  "a stream's greatest deleted id": ({ streams }) => streams.setIds("x", id(2), 2, id(2)),
  "a group": ({ streams }) => streams.createGroup("x", "h", id(1), 1),
  "a group's position": ({ streams }) => streams.setGroupPosition("x", "g", id(2), 1),
  "what a group has read": ({ streams }) => streams.setGroupPosition("x", "g", id(1), 2),
  "that a group's reads are unknown": ({ streams }) =>
    streams.setGroupPosition("x", "g", id(1), -1),
  "a consumer": ({ streams }) => streams.createConsumer("x", "g", "e", 5),
  "when a consumer was seen": ({ streams }) => streams.setConsumerTimes("x", "g", "d", 6, -1),
  "when a consumer was active": ({ streams }) => streams.setConsumerTimes("x", "g", "d", 5, 5),
  "whose a pending entry is": delivered("d", 7, 1),
  "when it was delivered": delivered("c", 8, 1),
  "how often it was delivered": delivered("c", 7, 2),
  "that it is pending": ({ streams }) => void streams.acknowledge("x", "g", [id(1)]),
  "a type": (txn) => {
    txn.delete("s");
    txn.hashes.set("s", ["m", "n"], ["", ""]);
  },
};

test("every field shows", () => {
  const digests = new Map([[stateDigest(stateOf(base)), "nothing"]]);
  for (const [what, change] of Object.entries(changes)) {
    const digest = stateDigest(stateOf(base, change));
    expect(digests.get(digest), what).toBeUndefined();
    digests.set(digest, what);
  }
});

test("the form does not show: what was large once, or was filled in another order", () => {
  const many = Array.from({ length: 1000 }, (_, i) => `${i}`);
  const grown = stateOf(base, ({ lists, hashes, sets, sortedSets }) => {
    lists.push("l", "tail", many);
    lists.pop("l", "tail", many.length);
    hashes.set("h", many, many);
    hashes.delete("h", many);
    sets.add("s", many);
    sets.remove("s", many);
    sortedSets.put("z", many, many.map(Number));
    sortedSets.remove("z", many);
  });
  const reversed = stateOf(base, ({ sets, hashes }) => {
    sets.remove("s", ["m"]);
    sets.add("s", ["m"]);
    hashes.delete("h", ["f"]);
    hashes.set("h", ["f"], ["1"]);
  });
  for (const other of [grown, reversed]) {
    expect(stateDigest(other)).toBe(stateDigest(stateOf(base)));
    expect(debugDigest(other)).toBe(debugDigest(stateOf(base)));
  }
});
