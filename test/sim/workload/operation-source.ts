/**
 * Draws what clients do next. Keys rotate: a key is left after so many operations, or so many whose
 * outcome is unknown, so that the linearizability search stays small.
 */

import type { SeededRandom } from "../world/random.js";
import type { Operation } from "./history.js";

const KEYS_PER_MODEL = 4;
const OPERATIONS_PER_KEY_MAX = 120;
const UNKNOWN_PER_KEY_MAX = 4;
const LARGE_BYTES = 300 * 1024;

interface KeySlot {
  generation: number;
  operations: number;
  unknown: number;
}

export class OperationSource {
  readonly #now: () => number;
  readonly #slots = new Map<string, KeySlot>();
  /** Keys that were left and not deleted yet. */
  readonly #left: string[] = [];
  #value = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A pipeline: one to four operations of one client, in order. */
  next(client: number, random: SeededRandom, node: number): Operation[] {
    if (random.chance(0.08)) return [this.#operation(client, node, random, "follower")];
    if (random.chance(0.12)) return this.#transaction(client, node, random);
    if (random.chance(0.0015)) return this.#large(client, node);
    const long = random.chance(0.01) ? 60 : 4;
    const length = random.chance(0.5) ? 1 : 1 + random.below(long);
    const operations: Operation[] = [];
    // Keys that were left are deleted, so that states stay small.
    for (const key of this.#left.splice(0, 4)) {
      const model =
        key.startsWith("register") || key.startsWith("counter") ? "register" : "volatile";
      operations.push(this.#made(client, node, model, key, ["DEL", key]));
      if (key.startsWith("pair")) {
        operations.push(this.#made(client, node, model, key, ["DEL", `${key}:a`, `${key}:b`]));
      }
    }
    for (let i = 0; i < length; i++) {
      const draw = random.next();
      const model = draw < 0.6 ? "register" : draw < 0.8 ? "counter" : "volatile";
      operations.push(this.#operation(client, node, random, model));
      if (random.chance(0.1)) {
        operations.push(this.#made(client, node, "volatile", "echo-0", ["ECHO", this.#echo()]));
      }
    }
    return operations;
  }

  /** Batches are sealed by size in the middle of this pipeline. */
  #large(client: number, node: number): Operation[] {
    const filler = "x".repeat(LARGE_BYTES);
    return Array.from({ length: 6 }, (_, i) => {
      const argv = ["SET", `large-${i}`, this.#fresh() + filler, "PX", "30"];
      return this.#made(client, node, "volatile", "large-0", argv);
    });
  }

  #echo(): string {
    this.#value += 1;
    return `e${this.#value}`;
  }

  answered(operation: Operation): void {
    if (operation.outcome === "info") this.#slot(slotName(operation.key)).unknown += 1;
  }

  #operation(
    client: number,
    node: number,
    random: SeededRandom,
    model: Operation["model"],
  ): Operation {
    const family = model === "follower" ? "register" : model;
    const key = this.#key(family, random);
    return this.#made(client, node, model, key, this.#argv(model, key, random));
  }

  #argv(model: Operation["model"], key: string, random: SeededRandom): string[] {
    if (model === "follower") return ["GET", key];
    if (model === "counter") return random.chance(0.8) ? ["INCR", key] : ["GET", key];
    if (model === "volatile") return this.#volatile(key, random);
    const draw = random.next();
    if (draw < 0.35) return ["SET", key, this.#fresh()];
    if (draw < 0.65) return ["GET", key];
    if (draw < 0.73) return ["DEL", key];
    if (draw < 0.8) return ["SETNX", key, this.#fresh()];
    if (draw < 0.86) return ["EXISTS", key];
    if (draw < 0.92) return ["GETSET", key, this.#fresh()];
    if (draw < 0.96) return ["GETDEL", key];
    return ["SET", key, this.#fresh(), "XX"];
  }

  /** Keys with deadlines and the rest of the string family: judged by digests, not by linearizability. */
  #volatile(key: string, random: SeededRandom): string[] {
    const draw = random.next();
    const ttl = String(1 + random.below(400));
    if (draw < 0.3) return ["SET", key, this.#fresh(), "PX", ttl];
    if (draw < 0.4) return ["PEXPIRE", key, ttl];
    if (draw < 0.45) return ["PERSIST", key];
    if (draw < 0.55) return ["APPEND", key, this.#fresh()];
    if (draw < 0.6) return ["SETRANGE", key, String(random.below(40)), "x"];
    if (draw < 0.7) return ["INCRBYFLOAT", `${key}:f`, "1.1"];
    if (draw < 0.75) return ["RENAME", key, `${key}:r`];
    if (draw < 0.8) return ["COPY", key, `${key}:r`, "REPLACE"];
    if (draw < 0.9) return ["PTTL", key];
    if (draw < 0.91) return ["FLUSHALL"];
    if (draw < 0.93) return ["DBSIZE"];
    return ["GET", key];
  }

  /** WATCH (sometimes), MULTI, two or three commands on registers and counters, EXEC. */
  #transaction(client: number, node: number, random: SeededRandom): Operation[] {
    const made = (argv: string[], key = ""): Operation =>
      this.#made(client, node, "transaction", key, argv);
    const operations: Operation[] = [];
    const first = this.#key("pair", random);
    if (random.chance(0.4)) operations.push(made(["WATCH", first]));
    const value = this.#fresh();
    operations.push(made(["MULTI"]));
    operations.push(made(["SET", `${first}:a`, value]));
    operations.push(made(["SET", `${first}:b`, value]));
    operations.push(made(["GET", `${first}:a`]));
    operations.push(made(["EXEC"], first));
    if (random.chance(0.5)) operations.push(made(["MGET", `${first}:a`, `${first}:b`], first));
    return operations;
  }

  #key(family: string, random: SeededRandom): string {
    const name = `${family}${random.below(KEYS_PER_MODEL)}`;
    const slot = this.#slot(name);
    slot.operations += 1;
    if (slot.operations > OPERATIONS_PER_KEY_MAX || slot.unknown > UNKNOWN_PER_KEY_MAX) {
      this.#left.push(`${name}-${slot.generation}`);
      slot.generation += 1;
      slot.operations = 0;
      slot.unknown = 0;
    }
    return `${name}-${slot.generation}`;
  }

  #slot(name: string): KeySlot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = { generation: 0, operations: 0, unknown: 0 };
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /** A value nobody else writes: it names its write. */
  #fresh(): string {
    this.#value += 1;
    return `v${this.#value}.`;
  }

  #made(
    client: number,
    node: number,
    model: Operation["model"],
    key: string,
    argv: string[],
  ): Operation {
    return {
      client,
      argv,
      model,
      key,
      invokedMs: this.#now(),
      returnedMs: 0,
      outcome: "open",
      reply: undefined,
      node,
    };
  }
}

function slotName(key: string): string {
  return key.slice(0, key.indexOf("-"));
}
