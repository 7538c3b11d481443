/**
 * Random programs over a few keys: what leader, follower, undo and a real redis-server must agree on.
 * Virtual time lies far ahead, so a real redis-server never expires what the programs expire.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { debugDigest } from "./digest/debug-digest.js";
import { stateDigest } from "./digest/state-digest.js";
import { applyBatch } from "./effects/apply-batch.js";
import { BatchWriter } from "./effects/batch-writer.js";
import { toCommands } from "./effects/to-commands.js";
import { Keyspace } from "./keyspace.js";
import { DEADLINE_BYTES, ENTRY_BYTES, latin1Bytes, valueBytes } from "./memory.js";
import { Txn } from "./txn.js";
import { UndoJournal } from "./undo-journal.js";

const START_MS = 4_000_000_000_000;
const REDIS_SERVER = "/usr/bin/redis-server";

const key = fc.constantFrom("a", "b", "c", "{t}1", "{t}2", "\x00\xff\r\n", "");
const length = fc.oneof(fc.nat(20), fc.constantFrom(0, 1, 600, 1000, 1023, 1024, 1025, 3000));
const operation = fc.record({
  act: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("put", "append", "patch") },
    { weight: 3, arbitrary: fc.constantFrom("delete", "deadline", "rename", "copy", "look") },
    { weight: 1, arbitrary: fc.constantFrom("flush", "persist", "seal") },
  ),
  key,
  other: key,
  length,
  fill: fc.nat(255),
  offset: fc.oneof(fc.nat(30), fc.constantFrom(1000, 1024, 2000)),
  /** How far a deadline lies ahead and how far time goes on: some keys expire. 0: no deadline. */
  aheadMs: fc.nat(30),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
const program = fc.array(operation, { minLength: 1, maxLength: 60, size: "max" });

class Leader {
  readonly keyspace = new Keyspace(2);
  readonly journal = new UndoJournal();
  readonly batch = new BatchWriter();
  readonly payloads: Uint8Array[] = [];
  readonly txn = new Txn(this.keyspace, this.journal, this.batch, {
    touched: () => {},
    touchedAll: () => {},
  });
  nowMs = START_MS;

  seal(): void {
    if (this.batch.effects > 0) {
      this.payloads.push(this.batch.take(this.nowMs));
      this.keyspace.logTimeMs = this.nowMs;
    }
  }

  run(step: Operation): void {
    this.nowMs += step.aheadMs % 7;
    this.txn.begin(this.nowMs, "lead");
    if (step.act === "seal") {
      this.seal();
    } else {
      this.execute(step);
    }
  }

  /** Without begin: one of several steps of a command. */
  execute(step: Operation): void {
    const { txn } = this;
    const bytes = Buffer.alloc(step.length, step.fill);
    const deadlineMs = step.aheadMs === 0 ? 0 : this.nowMs + step.aheadMs;
    if (step.act === "put") {
      txn.putString(step.key, step.fill % 2 ? bytes : bytes.toString("latin1"), deadlineMs);
    } else if (step.act === "flush") {
      txn.flushAll();
    } else if (step.act === "patch") {
      txn.patchString(step.key, step.offset, bytes);
    } else if (step.act === "delete") {
      txn.delete(step.key);
    } else if (txn.has(step.key)) {
      this.runOnExisting(step, bytes, deadlineMs);
    }
  }

  private runOnExisting(step: Operation, bytes: Buffer, deadlineMs: number): void {
    const { txn } = this;
    if (step.act === "append") {
      txn.appendString(step.key, bytes);
    } else if (step.act === "deadline") {
      txn.setDeadline(step.key, Math.max(deadlineMs, START_MS));
    } else if (step.act === "persist") {
      txn.setDeadline(step.key, 0);
    } else if (step.act === "rename") {
      txn.rename(step.key, step.other);
    } else if (step.act === "copy" && step.key !== step.other) {
      txn.copy(step.key, step.other);
    }
  }
}

function expectMemoryIsTheSum(keyspace: Keyspace): void {
  let sum = 0;
  keyspace.forEachKey((key, value, deadlineMs) => {
    sum += ENTRY_BYTES + latin1Bytes(key) + valueBytes(value);
    sum += deadlineMs === 0 ? 0 : DEADLINE_BYTES + latin1Bytes(key);
  });
  expect(keyspace.memoryBytes).toBe(sum);
}

describe("any program", () => {
  test("trap-31 a follower that applies the leader's batches has the leader's state", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const leader = new Leader();
        const follower = new Keyspace();
        for (const step of steps) {
          leader.run(step);
        }
        leader.seal();
        for (const payload of leader.payloads) {
          applyBatch(follower, payload);
        }
        expect(stateDigest(follower)).toBe(stateDigest(leader.keyspace));
        expect(debugDigest(follower)).toBe(debugDigest(leader.keyspace));
        expect(follower.volatileSize).toBe(leader.keyspace.volatileSize);
        expectMemoryIsTheSum(follower);
        expectMemoryIsTheSum(leader.keyspace);
      }),
      { seed: 10, numRuns: 200 },
    );
  });

  test("trap-32 rolled back to any position, the keyspace is what it was there", () => {
    fc.assert(
      fc.property(program, fc.nat(), fc.nat(), (steps, first, second) => {
        const leader = new Leader();
        const digests = new Map([[0, stateDigest(leader.keyspace)]]);
        for (const step of steps) {
          leader.run(step);
          leader.keyspace.logTimeMs = 0;
          digests.set(leader.journal.position, stateDigest(leader.keyspace));
        }
        const positions = [...digests.keys()];
        const committed = positions[first % positions.length]!;
        let dropped = 0;
        leader.journal.commitTo(committed, () => dropped++);
        expect(dropped).toBe(committed);
        const rest = positions.filter((position) => position >= committed);
        const target = rest[second % rest.length]!;
        for (const position of rest.filter((each) => each >= target).reverse()) {
          leader.journal.rollbackTo(position, leader.keyspace);
          expect(stateDigest(leader.keyspace)).toBe(digests.get(position));
          expectMemoryIsTheSum(leader.keyspace);
        }
        expect(leader.journal.length).toBe(target - committed);
        leader.journal.rollbackTo(committed, leader.keyspace);
        expect(leader.journal.memoryBytes).toBe(0);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  test("trap-51 a command undone to its mark leaves neither state nor bytes", () => {
    fc.assert(
      fc.property(program, program, program, (before, undone, after) => {
        const leader = new Leader();
        const follower = new Keyspace();
        for (const step of before) {
          leader.run(step);
        }
        leader.txn.begin(leader.nowMs, "lead");
        const digest = stateDigest(leader.keyspace);
        const bytes = leader.batch.bytes;
        const mark = leader.txn.mark();
        for (const step of undone) {
          leader.execute(step);
        }
        leader.txn.undoTo(mark);
        expect([stateDigest(leader.keyspace), leader.batch.bytes]).toEqual([digest, bytes]);
        expect(leader.txn.effectCount).toBe(0);
        for (const step of after) {
          leader.run(step);
        }
        leader.seal();
        for (const payload of leader.payloads) {
          applyBatch(follower, payload);
        }
        expect(stateDigest(follower)).toBe(stateDigest(leader.keyspace));
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  test("a journal longer than its first columns keeps order through growth and wrap-around", () => {
    const leader = new Leader();
    const digests: string[] = [];
    let committed = 0;
    for (let i = 0; i < 5000; i++) {
      leader.txn.begin(leader.nowMs, "lead");
      leader.txn.putString(`k${i % 13}`, `v${i}`, START_MS + i);
      digests.push(i % 100 === 0 ? stateDigest(leader.keyspace) : "");
      if (i % 3 === 0 && i < 3000) {
        leader.journal.commitTo(++committed, (key) => expect(key).toBe(`k${(committed - 1) % 13}`));
      }
    }
    for (let i = 4900; i >= committed; i -= 100) {
      leader.journal.rollbackTo(i + 1, leader.keyspace);
      expect(stateDigest(leader.keyspace)).toBe(digests[i]);
    }
    leader.journal.rollbackTo(committed, leader.keyspace);
    expect(leader.journal.memoryBytes).toBe(0);
  });
});

/** A redis-server on a socket of its own. Replies of the commands used here are one line each. */
class RedisServer {
  private readonly folder = mkdtempSync(join(tmpdir(), "keyspace-redis-"));
  private process: ChildProcess | undefined;
  private socket: Socket | undefined;
  private received = "";
  private waiting: { lines: number; done: (lines: string[]) => void } | undefined;

  async start(): Promise<void> {
    const path = join(this.folder, "redis.sock");
    const flags = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"];
    const child = spawn(REDIS_SERVER, [...flags, "--enable-debug-command", "yes"], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.process = child;
    await new Promise<void>((ready, failed) => {
      let log = "";
      child.once("exit", () => failed(new Error(`redis-server ended: ${log}`)));
      child.stdout.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes("ready to accept connections at")) {
          ready();
        }
      });
    });
    this.socket = connect(path);
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
      const lines = this.received.split("\r\n");
      if (this.waiting !== undefined && lines.length > this.waiting.lines) {
        this.received = "";
        this.waiting.done(lines.slice(0, -1));
      }
    });
  }

  run(commands: Buffer[][]): Promise<string[]> {
    const parts = commands.flatMap((argv) => [
      Buffer.from(`*${argv.length}\r\n`),
      ...argv.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from("\r\n")]),
    ]);
    return new Promise((done) => {
      this.waiting = { lines: commands.length, done };
      this.socket!.write(Buffer.concat(parts));
    });
  }

  async stop(): Promise<void> {
    this.socket?.destroy();
    const child = this.process;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const hasRedis = existsSync(REDIS_SERVER);
const title = hasRedis ? "a real redis-server" : "a real redis-server (skipped: no redis-server)";

describe.skipIf(!hasRedis)(title, () => {
  const redis = new RedisServer();
  const words = (...argv: string[]) => argv.map((word) => Buffer.from(word, "latin1"));
  beforeAll(() => redis.start());
  afterAll(() => redis.stop());

  test("an empty keyspace has Redis's digest of nothing", async () => {
    const lines = await redis.run([words("FLUSHALL"), words("DEBUG", "DIGEST")]);
    expect(lines[1]).toBe(`+${debugDigest(new Keyspace())}`);
  });

  test("replaying any program's commands gives the same DEBUG DIGEST", async () => {
    const runs = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const leader = new Leader();
        for (const step of steps) {
          leader.run(step);
        }
        leader.seal();
        const commands = leader.payloads.flatMap((payload) => toCommands(payload));
        for (const [name] of commands) {
          runs.set(String(name), (runs.get(String(name)) ?? 0) + 1);
        }
        const lines = await redis.run([words("FLUSHALL"), ...commands, words("DEBUG", "DIGEST")]);
        expect(lines.filter((line) => line.startsWith("-"))).toEqual([]);
        expect(lines.at(-1)).toBe(`+${debugDigest(leader.keyspace)}`);
      }),
      { seed: 13, numRuns: 300 },
    );
    // A property over programs that do nothing would prove nothing.
    expect(runs.size).toBe(9);
    expect(Math.min(...runs.values())).toBeGreaterThan(50);
  });
});
