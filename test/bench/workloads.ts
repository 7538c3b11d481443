/**
 * What the throughput groups send: one command line of redis-benchmark each, the same bytes to both sides.
 * `__rand_int__` becomes twelve random digits below `range`, another number at every place.
 *
 * A collection that a workload grows or empties is made anew before every measured run, so that no run
 * meets what earlier ones left, and all it holds came in this run.
 */

import { padded, repeated } from "./load.js";

export interface Workload {
  readonly name: string;
  readonly command: readonly string[];
  readonly connections: number;
  /** Requests a connection sends before it waits for their replies. */
  readonly pipeline: number;
  /** Random numbers are 0 to range - 1. */
  readonly range: number;
  /** Sent before every run, which will be of so many requests; absent: nothing is. */
  readonly prepare?: (requests: number) => Iterable<readonly string[]>;
}

type Shape = Pick<Workload, "connections" | "pipeline">;
type Subject = Omit<Workload, "connections" | "pipeline">;

export const VALUE_BYTES = 64;
const VALUE = "x".repeat(VALUE_BYTES);

/** Names that are written again and again. */
const REUSED_NAMES = 100_000;
/** Names of which hardly one comes twice in a run: each adds an element. */
const FRESH_NAMES = 1_000_000_000;
/** Elements of a collection that is only read. */
const READ_ELEMENTS = 10_000;

const ONE: Shape = { connections: 1, pipeline: 1 };
const FIFTY: Shape = { connections: 50, pipeline: 1 };
const TWO_HUNDRED: Shape = { connections: 200, pipeline: 1 };
const PIPELINED: Shape = { connections: 50, pipeline: 16 };

const SET: Subject = {
  name: "SET",
  command: ["SET", "key:__rand_int__", VALUE],
  range: REUSED_NAMES,
};
const GET: Subject = { name: "GET", command: ["GET", "key:__rand_int__"], range: REUSED_NAMES };

export const STRINGS: readonly Workload[] = [
  ...[ONE, FIFTY, TWO_HUNDRED, PIPELINED].map((shape) => shaped(SET, shape)),
  ...[FIFTY, PIPELINED].map((shape) => shaped(GET, shape)),
];

const WRITES: readonly Subject[] = [
  { name: "LPUSH", command: ["LPUSH", "list", VALUE], range: 1, prepare: () => emptied("list") },
  {
    name: "SADD",
    command: ["SADD", "set", "member:__rand_int__"],
    range: FRESH_NAMES,
    prepare: () => emptied("set"),
  },
  {
    name: "ZADD",
    command: ["ZADD", "zset", "__rand_int__", "member:__rand_int__"],
    range: FRESH_NAMES,
    prepare: () => emptied("zset"),
  },
  {
    name: "HSET",
    command: ["HSET", "hash", "field:__rand_int__", VALUE],
    range: FRESH_NAMES,
    prepare: () => emptied("hash"),
  },
  {
    name: "XADD MAXLEN ~",
    command: ["XADD", "stream", "MAXLEN", "~", "100000", "*", "field", VALUE],
    range: 1,
    prepare: () => emptied("stream"),
  },
];

const READS: readonly Subject[] = [
  {
    name: "LRANGE 100",
    command: ["LRANGE", "list", "0", "99"],
    range: 1,
    prepare: () => filled("list", READ_ELEMENTS, ["RPUSH", "list"], () => [VALUE]),
  },
  {
    name: "ZRANGE 100",
    command: ["ZRANGE", "zset", "0", "99"],
    range: 1,
    prepare: () => filled("zset", READ_ELEMENTS, ["ZADD", "zset"], scoredMember),
  },
];

/** Only at the full pace: what differs from the writes above is the work on the value. */
const OTHERS: readonly Subject[] = [
  {
    name: "RPOP",
    command: ["RPOP", "list"],
    range: 1,
    prepare: (requests) => filled("list", requests, ["RPUSH", "list"], () => [VALUE]),
  },
  {
    name: "SPOP",
    command: ["SPOP", "set"],
    range: 1,
    prepare: (requests) => filled("set", requests, ["SADD", "set"], (i) => [`member:${padded(i)}`]),
  },
  {
    name: "ZPOPMIN",
    command: ["ZPOPMIN", "zset"],
    range: 1,
    prepare: (requests) => filled("zset", requests, ["ZADD", "zset"], scoredMember),
  },
  {
    name: "HGET",
    command: ["HGET", "hash", "field:__rand_int__"],
    range: READ_ELEMENTS,
    prepare: () =>
      filled("hash", READ_ELEMENTS, ["HSET", "hash"], (i) => [`field:${padded(i)}`, VALUE]),
  },
];

export const COLLECTIONS: readonly Workload[] = [
  ...[...WRITES, ...READS].flatMap((subject) =>
    [ONE, FIFTY, PIPELINED].map((shape) => shaped(subject, shape)),
  ),
  ...OTHERS.map((subject) => shaped(subject, PIPELINED)),
];

function shaped(subject: Subject, shape: Shape): Workload {
  const { connections, pipeline } = shape;
  const clients = connections === 1 ? "1 connection" : `${connections} connections`;
  const name = `${subject.name}, ${clients}${pipeline === 1 ? "" : `, pipeline ${pipeline}`}`;
  return { ...subject, ...shape, name };
}

function emptied(key: string): Iterable<readonly string[]> {
  return [["DEL", key]];
}

function* filled(
  key: string,
  count: number,
  command: readonly string[],
  element: (i: number) => readonly string[],
): Iterable<readonly string[]> {
  yield ["DEL", key];
  yield* repeated(count, command, element);
}

function scoredMember(i: number): readonly string[] {
  return [String(i), `member:${padded(i)}`];
}
