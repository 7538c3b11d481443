/**
 * A committed log beside a real redis-server that is fed with its commands. DEBUG DIGEST sees keys, values and
 * which keys have a deadline; what it does not see is asked for by commands.
 *
 * A server can't be told, and so is not asked for: when consumers were seen or active (its own clock says), when
 * something was delivered in its future (it takes its own time instead), log time, and messages.
 */

import type { RedisServer } from "../conformance/support/redis-server.js";
import { type RespValue, readFrame } from "../conformance/support/resp-value.js";
import type { Coverage } from "./coverage.js";
import { demandEqual } from "./problem.js";
import type { Program } from "./program.js";

export interface RedisCase {
  readonly program: Program;
  /** The committed log's. */
  readonly commands: readonly (readonly Buffer[])[];
  readonly digest: string;
  /** Every key with its deadline in ms, -1: none. */
  readonly deadlines: readonly (readonly [string, number])[];
  /** Every stream with our reply to XINFO STREAM FULL. */
  readonly streams: readonly (readonly [string, Buffer])[];
}

/** Cases of one round trip: their requests are together this large, or so many. */
const PIPELINE_COMMANDS_MAX = 3000;

export class RedisComparison {
  readonly #redis: RedisServer;
  readonly #coverage: Coverage;
  #cases: RedisCase[] = [];
  #commands = 0;

  constructor(redis: RedisServer, coverage: Coverage) {
    this.#redis = redis;
    this.#coverage = coverage;
  }

  get isFull(): boolean {
    return this.#commands >= PIPELINE_COMMANDS_MAX;
  }

  add(one: RedisCase): void {
    this.#cases.push(one);
    this.#commands += one.commands.length + one.deadlines.length;
  }

  /** Compares all that were added. Each that differs, with how. */
  async flush(): Promise<[Program, unknown][]> {
    const cases = this.#cases;
    this.#cases = [];
    this.#commands = 0;
    const replies = await this.#redis.pipeline(cases.flatMap(requests));
    const failures: [Program, unknown][] = [];
    let from = 0;
    for (const one of cases) {
      const end = from + requestCount(one);
      try {
        compare(one, replies.slice(from, end));
      } catch (error) {
        failures.push([one.program, error]);
      }
      from = end;
      this.#coverage.redisComparisons += 1;
      this.#coverage.redisCommands += one.commands.length;
    }
    return failures;
  }
}

function requests({ commands, deadlines, streams }: RedisCase): (readonly (Buffer | string)[])[] {
  return [
    ["FLUSHALL"],
    ...commands,
    ["DEBUG", "DIGEST"],
    ...deadlines.map(([key]) => ["PEXPIRETIME", key]),
    ...streams.map(([key]) => ["XINFO", "STREAM", key, "FULL", "COUNT", "0"]),
  ];
}

function requestCount({ commands, deadlines, streams }: RedisCase): number {
  return commands.length + deadlines.length + streams.length + 2;
}

function compare(
  { program, commands, digest, deadlines, streams }: RedisCase,
  replies: readonly Buffer[],
): void {
  const text = (at: number) => replies[at]!.toString("latin1");
  commands.forEach((argv, i) => {
    if (replies[i + 1]![0] !== 0x2d) return;
    const shown = argv.map((word) => word.toString("latin1").slice(0, 60)).join(" ");
    demandEqual(text(i + 1), "no error", `redis-server's reply to ${JSON.stringify(shown)}`);
  });
  let at = commands.length + 1;
  demandEqual(digest, text(at).slice(1, -2), "DEBUG DIGEST like redis-server");
  for (const [key, deadlineMs] of deadlines) {
    at += 1;
    demandEqual(`:${deadlineMs}\r\n`, text(at), `PEXPIRETIME ${JSON.stringify(key)}`);
  }
  for (const [key, ours] of streams) {
    at += 1;
    const theirs = replies[at]!;
    const seesTimes = program.era === "past";
    demandEqual(told(ours, seesTimes), told(theirs, seesTimes), `XINFO STREAM ${key} FULL`);
  }
}

/** Times that a server makes itself, the shape of its index, and what 7.2 added. */
const OWN_FIELDS = /^(?:radix-tree-keys|radix-tree-nodes|seen-time|active-time)$/;

/** A reply to XINFO STREAM FULL without what a server can't be told. */
function told(reply: Buffer, seesTimes: boolean): string {
  return JSON.stringify(withoutOwn(readFrame(reply, 0)!.value, seesTimes));
}

function withoutOwn(value: RespValue, seesTimes: boolean): unknown {
  if (!Array.isArray(value)) return typeof value === "bigint" ? String(value) : value;
  const kept: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    const element = value[i]!;
    if (typeof element === "string" && OWN_FIELDS.test(element)) i += 1;
    else if (!seesTimes && isDelivery(value)) kept.push(i === value.length - 2 ? 0 : element);
    else kept.push(withoutOwn(element, seesTimes));
  }
  return kept;
}

/** [id, consumer, time, count] or [id, time, count]. */
function isDelivery(value: RespValue[]): boolean {
  const { length } = value;
  return (
    (length === 3 || length === 4) &&
    typeof value[length - 1] === "number" &&
    typeof value[length - 2] === "number" &&
    typeof value[0] === "string"
  );
}
