/**
 * What the throughput groups send: the same bytes to both sides, but for what a side adds (WAIT) or how it is asked
 * (etcd). NUMBER becomes twelve random digits below `range`, another number at every place.
 *
 * A collection that a workload grows is made anew before every measured run, so that no run meets what earlier ones
 * left, and all it holds came in this run. One that it empties is kept at its size: an operation adds what it takes.
 */

import type { Disturbance } from "./disturbances.js";
import { padded, repeated } from "./load.js";
import { type Command, NUMBER } from "./requests.js";

export interface Operation {
  /** One write to the socket; the operation has ended when all are answered. */
  readonly commands: readonly Command[];
  readonly writes: boolean;
  /** Its part of all operations is its weight among all weights; 1 by default. */
  readonly weight?: number;
}

/** Loaded once into a server. */
export interface Dataset {
  readonly name: string;
  readonly commands: () => Iterable<Command>;
}

export interface Subject {
  readonly name: string;
  readonly operations: readonly Operation[];
  /** Random numbers are 0 to range - 1. */
  readonly range: number;
  readonly dataset?: Dataset;
  /** Sent before every run. */
  readonly prepare?: () => Iterable<Command>;
}

export interface Shape {
  readonly connections: number;
  /** Operations a connection sends before it waits for their replies; 1 by default. */
  readonly pipeline?: number;
  /** Added by a proxy. */
  readonly roundTripMs?: number;
  readonly disturbance?: Disturbance;
}

export interface Workload extends Subject {
  readonly shape: Shape;
}

export const VALUE_BYTES = 64;
/** Names that are written again and again. */
export const REUSED_NAMES = 100_000;
/** Names of which hardly one comes twice in a run: each adds an element. */
const FRESH_NAMES = 1_000_000_000;
/** Elements of a collection that keeps its size. */
const KEPT_ELEMENTS = 10_000;
/** Names of large values: 64 MiB of them. */
const LARGE_NAMES = 1_000;
const LARGE_BYTES = 16 * 1024;

const VALUE = "x".repeat(VALUE_BYTES);
const KEY = `key:${NUMBER}`;
const MEMBER = `member:${NUMBER}`;

export const SET = setOf(VALUE_BYTES);
export const GET = getOf(VALUE_BYTES);

export function setOf(bytes: number): Subject {
  const range = namesOf(bytes);
  return {
    name: bytes === VALUE_BYTES ? "SET" : `SET ${bytesText(bytes)}`,
    operations: [writing(["SET", KEY, "x".repeat(bytes)])],
    range,
    dataset: strings(range, bytes),
  };
}

export function getOf(bytes: number): Subject {
  const range = namesOf(bytes);
  return {
    name: bytes === VALUE_BYTES ? "GET" : `GET ${bytesText(bytes)}`,
    operations: [reading(["GET", KEY])],
    range,
    dataset: strings(range, bytes),
  };
}

/** One key for all clients, and one out of many for each operation. */
export const INCR_HOT = writer("INCR of one key", ["INCR", "counter"], 1);
export const INCR = writer("INCR", ["INCR", `counter:${NUMBER}`], REUSED_NAMES);

export const LPUSH = growing("LPUSH", "list", ["LPUSH", "list", VALUE]);
export const SADD = growing("SADD", "set", ["SADD", "set", MEMBER]);
export const ZADD = growing("ZADD", "zset", ["ZADD", "zset", NUMBER, MEMBER]);
export const HSET = growing("HSET", "hash", ["HSET", "hash", `field:${NUMBER}`, VALUE]);
export const XADD = growing("XADD MAXLEN ~", "stream", [
  ...["XADD", "stream", "MAXLEN", "~", "100000", "*", "field", VALUE],
]);

export const LRANGE: Subject = {
  name: "LRANGE 100",
  operations: [reading(["LRANGE", "list", "0", "99"])],
  range: 1,
  prepare: () => filled("list", ["RPUSH", "list"], () => [VALUE]),
};
export const ZRANGE: Subject = {
  name: "ZRANGE 100",
  operations: [reading(["ZRANGE", "zset", "0", "99"])],
  range: 1,
  prepare: () => filled("zset", ["ZADD", "zset"], scoredMember),
};
export const HGET: Subject = {
  name: "HGET",
  operations: [reading(["HGET", "hash", `field:${NUMBER}`])],
  range: KEPT_ELEMENTS,
  prepare: () => filled("hash", ["HSET", "hash"], (i) => [`field:${padded(i)}`, VALUE]),
};

export const COLLECTION_WRITES: readonly Subject[] = [LPUSH, SADD, ZADD, HSET, XADD];
export const COLLECTION_READS: readonly Subject[] = [LRANGE, ZRANGE];
/** What differs from the writes above is the work on the value. */
export const COLLECTION_QUEUES: readonly Subject[] = [
  {
    name: "LPUSH, RPOP",
    operations: [writing(["LPUSH", "list", VALUE], ["RPOP", "list"])],
    range: 1,
    prepare: () => filled("list", ["RPUSH", "list"], () => [VALUE]),
  },
  {
    name: "SADD, SPOP",
    operations: [writing(["SADD", "set", MEMBER], ["SPOP", "set"])],
    range: FRESH_NAMES,
    prepare: () => filled("set", ["SADD", "set"], (i) => [`member:${padded(i)}`]),
  },
  {
    name: "ZADD, ZPOPMIN",
    operations: [writing(["ZADD", "zset", NUMBER, MEMBER], ["ZPOPMIN", "zset"])],
    range: FRESH_NAMES,
    prepare: () => filled("zset", ["ZADD", "zset"], scoredMember),
  },
];

export const MSET = writer("MSET of 10", ["MSET", ...repeat(10, [KEY, VALUE])], REUSED_NAMES);
export const MIXED: Subject = {
  name: "80 % GET, 20 % SET",
  operations: [
    { ...reading(["GET", KEY]), weight: 80 },
    { ...writing(["SET", KEY, VALUE]), weight: 20 },
  ],
  range: REUSED_NAMES,
  dataset: strings(REUSED_NAMES, VALUE_BYTES),
};
export const MULTI: Subject = {
  name: "MULTI of 5 SET",
  operations: [writing(["MULTI"], ...repeat(5, [["SET", KEY, VALUE]]), ["EXEC"])],
  range: REUSED_NAMES,
};

export function shaped(subject: Subject, shape: Shape): Workload {
  const { connections, pipeline = 1, roundTripMs, disturbance } = shape;
  const words = [subject.name, connections === 1 ? "1 connection" : `${connections} connections`];
  if (pipeline > 1) words.push(`pipeline ${pipeline}`);
  if (roundTripMs !== undefined) words.push(`${roundTripMs} ms round trip`);
  if (disturbance !== undefined) words.push(disturbance.name);
  return { ...subject, name: words.join(", "), shape };
}

/** `count` strings, as `key:` and a number. */
export function strings(count: number, bytes: number): Dataset {
  const value = "x".repeat(bytes);
  return {
    name: `${count} strings of ${bytesText(bytes)}`,
    *commands() {
      for (let i = 0; i < count; i++) yield ["SET", `key:${padded(i)}`, value];
    },
  };
}

export function bytesText(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
}

function namesOf(bytes: number): number {
  return bytes < LARGE_BYTES ? REUSED_NAMES : LARGE_NAMES;
}

function reading(...commands: Command[]): Operation {
  return { commands, writes: false };
}

function writing(...commands: Command[]): Operation {
  return { commands, writes: true };
}

function writer(name: string, command: Command, range: number): Subject {
  return { name, operations: [writing(command)], range };
}

/** An element is added to `key`, which is empty at the beginning. */
function growing(name: string, key: string, command: Command): Subject {
  return { ...writer(name, command, FRESH_NAMES), prepare: () => [["DEL", key]] };
}

function repeat<T>(count: number, items: readonly T[]): T[] {
  return Array.from({ length: count }, () => items).flat();
}

function* filled(
  key: string,
  command: Command,
  element: (i: number) => readonly string[],
): Iterable<Command> {
  yield ["DEL", key];
  yield* repeated(KEPT_ELEMENTS, command, element);
}

function scoredMember(i: number): readonly string[] {
  return [String(i), `member:${padded(i)}`];
}
