/**
 * Windows of effects by family, on small values (a hundred keys) and on large ones (one key): what is there before,
 * and each effect. Longer than other files: a table.
 */

import { generatedStreamId, STREAM_ID_MIN, type StreamId, type Txn } from "@redoubt/keyspace";

export const EFFECTS = 10_000;
const LARGE = 100_000;
/** Keys that a window of small values spreads over. */
const KEYS = 100;
export const NOW_MS = 1_700_000_000_000;

export interface Case {
  readonly name: string;
  fill(txn: Txn): void;
  /** One effect. */
  change(txn: Txn, i: number): void;
}

const key = (i: number): string => `key:${i % KEYS}`;
/** Flat, as texts out of requests are. */
const word = (i: number, length = 0): string =>
  Buffer.from(`m${i}`.padEnd(length, "x"), "latin1").toString("latin1");
const words = (count: number, length = 0): string[] =>
  Array.from({ length: count }, (_, i) => word(i, length));
const scattered = (i: number, end: number): number =>
  Math.floor(((Math.imul(i, 0x9e3779b1) >>> 0) / 2 ** 32) * end);
const bytes = (length: number): Buffer => Buffer.alloc(length, "v");

function eachKey(act: (key: string) => void): void {
  for (let i = 0; i < KEYS; i++) act(key(i));
}

const nothing = (): void => undefined;

function strings(): Case[] {
  const small = (txn: Txn): void => eachKey((k) => txn.putString(k, "value", 0));
  const large = (txn: Txn): void => txn.putString("large", bytes(1_000_000), 0);
  return [
    { name: "SET, new keys", fill: nothing, change: (txn, i) => txn.putString(`n${i}`, "v", 0) },
    { name: "SET over small", fill: small, change: (txn, i) => txn.putString(key(i), `v${i}`, 0) },
    {
      name: "APPEND to small",
      fill: small,
      change: (txn, i) => txn.appendString(key(i), bytes(10)),
    },
    {
      name: "APPEND to 1 MB",
      fill: large,
      change: (txn) => txn.appendString("large", bytes(10)),
    },
    {
      name: "SETRANGE in small",
      fill: small,
      change: (txn, i) => txn.patchString(key(i), i % 50, bytes(10)),
    },
    {
      name: "SETRANGE in 20 KB",
      fill: (txn) => eachKey((k) => txn.putString(k, bytes(20_000), 0)),
      change: (txn, i) => txn.patchString(key(i), scattered(i, 19_000), bytes(10)),
    },
    { name: "DEL small", fill: many((txn, i) => txn.putString(`d${i}`, "v", 0)), change: del },
    { name: "EXPIRE", fill: small, change: (txn, i) => txn.setDeadline(key(i), NOW_MS + 1000 + i) },
    { name: "COPY", fill: small, change: (txn, i) => txn.copy(key(i), `copy:${i}`) },
    {
      name: "FLUSHALL and SET",
      fill: many((txn, i) => txn.putString(`d${i}`, "v", 0)),
      change: (txn, i) => (i % 2 === 0 ? txn.flushAll() : txn.putString(`n${i}`, "v", 0)),
    },
  ];
}

function many(make: (txn: Txn, i: number) => void): (txn: Txn) => void {
  return (txn) => {
    for (let i = 0; i < EFFECTS; i++) make(txn, i);
  };
}

function del(txn: Txn, i: number): void {
  txn.delete(`d${i}`);
}

function lists(): Case[] {
  const small = (txn: Txn): void => eachKey((k) => txn.lists.push(k, "tail", words(100)));
  const large = (txn: Txn): void => {
    txn.lists.push("large", "tail", words(LARGE));
  };
  const both = (name: string, change: (txn: Txn, i: number, k: string, length: number) => void) => [
    { name: `${name}, 100`, fill: small, change: at(change, key, 100) },
    { name: `${name}, ${LARGE}`, fill: large, change: at(change, () => "large", LARGE) },
  ];
  return [
    ...both("LPUSH", (txn, i, k) => txn.lists.push(k, "head", [`e${i}`])),
    ...both("RPOP", (txn, _i, k, length) => {
      if (length === 100) txn.lists.push(k, "tail", ["again"]);
      else txn.lists.pop(k, "tail", 1);
    }).slice(1),
    ...both("LSET", (txn, i, k, length) => txn.lists.set(k, scattered(i, length), `e${i}`)),
    ...both("LINSERT", (txn, i, k, length) => {
      txn.lists.insert(k, "before", `m${scattered(i, Math.min(length, 2000))}`, `e${i}`);
    }),
    {
      name: "LREM, 10 000",
      fill: (txn) => txn.lists.push("large", "tail", words(2 * EFFECTS)),
      change: (txn, i) => txn.lists.remove("large", "head", 1, `m${i + (i % 7)}`) || pad(txn, i),
    },
    {
      name: "LREM in the middle, 100",
      fill: many((txn, i) => txn.lists.push(`d${i}`, "tail", words(100))),
      change: (txn, i) => txn.lists.remove(`d${i}`, "head", 1, "m50"),
    },
    {
      name: "LTRIM, 100",
      fill: many((txn, i) => txn.lists.push(`d${i}`, "tail", words(100))),
      change: (txn, i) => txn.lists.trim(`d${i}`, 10, 80),
    },
  ];
}

/** In place of an effect that had nothing to do. */
function pad(txn: Txn, i: number): void {
  txn.putString(`pad${i}`, "v", 0);
}

function at(
  change: (txn: Txn, i: number, key: string, length: number) => void,
  keyOf: (i: number) => string,
  length: number,
): (txn: Txn, i: number) => void {
  return (txn, i) => change(txn, i, keyOf(i), length);
}

function hashes(): Case[] {
  const fill = (size: number, length: number) => (txn: Txn) =>
    eachKey((k) => txn.hashes.set(k, words(size), words(size, length)));
  const full = words(512);
  const large = (txn: Txn): void => txn.hashes.set("large", words(LARGE), words(LARGE));
  return [
    {
      name: "HSET, listpack of 100",
      fill: fill(100, 5),
      change: (txn, i) => txn.hashes.set(key(i), [`m${scattered(i, 100)}`], [`v${i}`]),
    },
    {
      name: "HSET, full listpack",
      fill: fill(512, 64),
      change: (txn, i) => txn.hashes.set(key(i), [`m${scattered(i, 512)}`], [`v${i}`]),
    },
    {
      name: "HSET, new field, listpack",
      fill: fill(300, 5),
      change: (txn, i) => txn.hashes.set(key(i), [`n${i}`], [`v${i}`]),
    },
    {
      name: "HSET that makes a table",
      fill: many((txn, i) => {
        if (i < 1000) txn.hashes.set(`d${i}`, full, full);
      }),
      change: (txn, i) => txn.hashes.set(`d${i % 1000}`, [`n${i}`], ["v"]),
    },
    {
      name: "HDEL, full listpack",
      fill: fill(512, 64),
      change: (txn, i) => txn.hashes.delete(key(i), [`m${Math.floor(i / KEYS)}`]),
    },
    { name: "HSET, table", fill: large, change: (txn, i) => hset(txn, scattered(i, LARGE), i) },
    {
      name: "HDEL, table",
      fill: large,
      change: (txn, i) => txn.hashes.delete("large", [`m${i * 7}`]),
    },
  ];
}

function hset(txn: Txn, at: number, i: number): void {
  txn.hashes.set("large", [`m${at}`], [`v${i}`]);
}

function sets(): Case[] {
  const integers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
  const large = (txn: Txn): void => {
    txn.sets.add("large", words(LARGE));
  };
  return [
    {
      name: "SADD, intset",
      fill: (txn) => eachKey((k) => txn.sets.add(k, integers(400))),
      change: (txn, i) => txn.sets.add(key(i), [String(1000 + i)]),
    },
    {
      name: "SADD that ends an intset",
      fill: many((txn, i) => {
        if (i < 1000) txn.sets.add(`d${i}`, integers(100));
      }),
      change: (txn, i) => txn.sets.add(`d${i % 1000}`, [`x${i}`]),
    },
    {
      name: "SADD that makes a table",
      fill: many((txn, i) => {
        if (i < 1000) txn.sets.add(`d${i}`, integers(512));
      }),
      change: (txn, i) => txn.sets.add(`d${i % 1000}`, [`x${i}`]),
    },
    {
      name: "SREM, full listpack",
      fill: (txn) => eachKey((k) => txn.sets.add(k, words(128, 60))),
      change: (txn, i) => txn.sets.remove(key(i), [word(Math.floor(i / KEYS), 60)]),
    },
    { name: "SADD, table", fill: large, change: (txn, i) => txn.sets.add("large", [`n${i}`]) },
    { name: "SREM, table", fill: large, change: (txn, i) => txn.sets.remove("large", [`m${i}`]) },
  ];
}

function sortedSets(): Case[] {
  const scores = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const large = (txn: Txn): void => txn.sortedSets.put("large", words(LARGE), scores(LARGE));
  const small = (txn: Txn): void =>
    eachKey((k) => txn.sortedSets.put(k, words(128, 60), scores(128)));
  const name = (i: number): string => word(i, 60);
  return [
    {
      name: "ZINCRBY, listpack",
      fill: small,
      change: (txn, i) => txn.sortedSets.put(key(i), [name(scattered(i, 128))], [i]),
    },
    {
      name: "ZADD that makes a skiplist",
      fill: many((txn, i) => {
        if (i < 1000) txn.sortedSets.put(`d${i}`, words(128, 60), scores(128));
      }),
      change: (txn, i) => txn.sortedSets.put(`d${i % 1000}`, [`n${i}`], [i]),
    },
    {
      name: "ZREM, listpack",
      fill: small,
      change: (txn, i) => txn.sortedSets.remove(key(i), [name(Math.floor(i / KEYS))]),
    },
    {
      name: "ZADD, skiplist",
      fill: large,
      change: (txn, i) => txn.sortedSets.put("large", [`n${i}`], [scattered(i, LARGE)]),
    },
    {
      name: "ZINCRBY, skiplist",
      fill: large,
      change: (txn, i) =>
        txn.sortedSets.put("large", [`m${scattered(i, LARGE)}`], [scattered(i * 3, LARGE)]),
    },
    {
      name: "ZREM, skiplist",
      fill: large,
      change: (txn, i) => txn.sortedSets.remove("large", [`m${i * 7}`]),
    },
    {
      name: "ZREMRANGEBYRANK 3, skiplist",
      fill: large,
      change: (txn, i) => txn.sortedSets.removeRange("large", scattered(i, LARGE / 2), 3),
    },
  ];
}

function streams(): Case[] {
  const ids: StreamId[] = [];
  let last: StreamId = STREAM_ID_MIN;
  for (let i = 0; i < LARGE; i++) {
    last = generatedStreamId(last, NOW_MS + i)!;
    ids.push(last);
  }
  const append = (txn: Txn, id: StreamId): void =>
    txn.streams.append("large", id, ["field", "value"]);
  const fill = (txn: Txn): void => {
    for (const id of ids) append(txn, id);
    txn.streams.createGroup("large", "g", STREAM_ID_MIN, 0);
    txn.streams.createConsumer("large", "g", "c", NOW_MS);
  };
  const deliver = (txn: Txn, id: StreamId): void =>
    txn.streams.deliver("large", "g", {
      consumer: "c",
      deliveryMs: NOW_MS,
      deliveryCount: 1,
      ids: [id],
    });
  const delivered = (txn: Txn): void => {
    fill(txn);
    for (const id of ids) deliver(txn, id);
  };
  return [
    {
      name: "XADD",
      fill,
      change: (txn, i) => append(txn, generatedStreamId(last, NOW_MS + LARGE + i)!),
    },
    { name: "XDEL", fill, change: (txn, i) => txn.streams.delete("large", [ids[i * 7]!]) },
    { name: "XTRIM by one", fill, change: (txn, i) => txn.streams.trim("large", LARGE - 1 - i) },
    { name: "XREADGROUP, one entry", fill, change: (txn, i) => deliver(txn, ids[i]!) },
    {
      name: "XACK",
      fill: delivered,
      change: (txn, i) => txn.streams.acknowledge("large", "g", [ids[i * 7]!]),
    },
    {
      name: "XGROUP SETID",
      fill,
      change: (txn, i) => txn.streams.setGroupPosition("large", "g", ids[i]!, i),
    },
  ];
}

function wholeValues(): Case[] {
  const names = words(5000);
  const fill = (txn: Txn): void => {
    for (let i = 0; i < KEYS; i++) txn.hashes.set(`r${i}`, names.slice(0, 50), names.slice(0, 50));
    txn.hashes.set("large", words(LARGE), words(LARGE));
  };
  return [
    {
      name: "RENAME",
      fill,
      change: (txn, i) => {
        const round = Math.floor(i / KEYS) % 2;
        return txn.rename(
          `${round === 0 ? "r" : "q"}${i % KEYS}`,
          `${round === 0 ? "q" : "r"}${i % KEYS}`,
        );
      },
    },
    {
      name: "DEL and HSET of 100 000",
      fill,
      change: (txn, i) =>
        i % 2 === 0 ? txn.delete("large") : txn.hashes.set("large", ["f"], ["v"]),
    },
    {
      name: "COPY of 100 000",
      fill,
      change: (txn, i) => txn.copy("large", `copy:${i % 10}`),
    },
  ];
}

export const families = { strings, lists, hashes, sets, sortedSets, streams, wholeValues };
