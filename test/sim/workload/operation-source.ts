/**
 * Draws what clients do next. Keys rotate: a key is left after so many operations, or so many whose
 * outcome is unknown, so that the linearizability search stays small.
 */

import { dumpLibraries } from "@redoubt/keyspace";
import type { SeededRandom } from "../world/random.js";
import type { Model, Operation } from "./history.js";
import { type Mix, type OperationKind, pickWeighted } from "./mix.js";

const OPERATIONS_PER_KEY_MAX = 120;
const UNKNOWN_PER_KEY_MAX = 4;
/** Each concerns every key from then on. */
const UNKNOWN_FLUSHES_MAX = 2;
/** Five of them are more than a batch: it is sealed by size in the middle of their pipeline. */
const LARGE_VALUES = 5;
const LARGE_BYTES = 220 * 1024;
const LONG_PIPELINE = 60;
const LIBRARY_PAYLOAD_BYTES_MAX = 1000;

interface KeySlot {
  generation: number;
  operations: number;
  unknown: number;
}

/** What one client sends at once, and what it goes on with when all of it was answered. */
export interface Pipeline {
  readonly operations: readonly Operation[];
  /** To a replica, READONLY. */
  readonly follower: boolean;
  /** On the same connection; empty: nothing. */
  readonly next: (() => readonly Operation[]) | null;
}

export class OperationSource {
  readonly mix: Mix;
  readonly #filler = "x".repeat(LARGE_BYTES);
  readonly #slots = new Map<string, KeySlot>();
  /** Keys that were left and not deleted yet. */
  readonly #left: string[] = [];
  /** Writes whose outcome is unknown and that will be done again. */
  readonly #again: Operation[] = [];
  #unknownFlushes = 0;
  #value = 0;

  constructor(mix: Mix) {
    this.mix = mix;
  }

  next(client: number, random: SeededRandom): Pipeline {
    switch (pickWeighted(this.mix.pipelines, random)) {
      case "follower":
        return { operations: this.#follower(client, random), follower: true, next: null };
      case "transaction":
        return pipeline(this.#transaction(client, random));
      case "compareAndSet":
        return this.#compareAndSet(client, random);
      case "large":
        return pipeline(this.#large(client));
      case "plain":
        return pipeline(this.#plain(client, random));
    }
  }

  /** Its outcome is known to be unknown. */
  unknown(operation: Operation, random: SeededRandom): void {
    if (operation.argv[0] === "FLUSHALL") this.#unknownFlushes += 1;
    if (operation.key === "") return;
    this.#slot(slotName(operation.key)).unknown += 1;
    const { model, argv } = operation;
    if (model === "register" && argv[0] === "SET" && random.chance(this.mix.repeats)) {
      this.#again.push(operation);
    }
  }

  #plain(client: number, random: SeededRandom): Operation[] {
    const { pipelineMax, operations: weights } = this.mix;
    const operations: Operation[] = [];
    // Keys that were left are deleted, so that states stay small.
    for (const key of this.#left.splice(0, 4)) {
      operations.push(made(client, modelOf(key), key, ["DEL", key]));
      if (key.startsWith("volatile") || key.startsWith("collection")) {
        const parts = ["f", "r", "h", "s", "z", "x", "l"].map((part) => `${key}:${part}`);
        operations.push(made(client, "volatile", key, ["DEL", ...parts]));
      }
      if (key.startsWith("pair")) {
        operations.push(made(client, "volatile", key, ["DEL", `${key}:a`, `${key}:b`]));
      }
    }
    for (const { key } of this.#again.splice(0)) {
      // Under a new value: whether the first one took effect as well stays open in the model.
      operations.push(made(client, "register", key, ["SET", key, this.#fresh()]));
    }
    const long = random.chance(0.01) ? LONG_PIPELINE : pipelineMax;
    const length = random.chance(0.4) ? 1 : 1 + random.below(long);
    for (let i = 0; i < length; i++) {
      operations.push(this.#operation(client, random, pickWeighted(weights, random)));
    }
    return operations;
  }

  #operation(client: number, random: SeededRandom, kind: OperationKind): Operation {
    if (kind === "flush" && this.#unknownFlushes > UNKNOWN_FLUSHES_MAX) {
      return this.#operation(client, random, "register");
    }
    if (kind === "flush") return made(client, "volatile", "", ["FLUSHALL"]);
    if (kind === "echo") return made(client, "volatile", "", ["ECHO", this.#fresh().toUpperCase()]);
    if (kind === "queue") return this.#queue(client, random);
    if (kind === "library") return made(client, "library", "", this.#library(random));
    const key = this.#key(kind, random);
    switch (kind) {
      case "register":
        return made(client, kind, key, this.#register(key, random));
      case "counter":
        return made(client, kind, key, [random.chance(0.8) ? "INCR" : "GET", key]);
      case "expiring":
        return made(client, kind, key, this.#expiring(key, random));
      case "volatile":
        return made(client, kind, key, this.#volatile(key, random));
      case "collection":
        return made(client, "volatile", key, this.#collection(key, random));
    }
  }

  #register(key: string, random: SeededRandom): string[] {
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

  /** Registers with deadlines: what a node shows of them is judged by the log time of its state. */
  #expiring(key: string, random: SeededRandom): string[] {
    const draw = random.next();
    if (draw < 0.45) return ["SET", key, this.#fresh(), "PX", ttl(random)];
    if (draw < 0.5) return ["DEL", key];
    return ["GET", key];
  }

  /** The rest of the string family, with deadlines: judged by the states' digests. */
  #volatile(key: string, random: SeededRandom): string[] {
    const draw = random.next();
    if (draw < 0.3) return ["SET", key, this.#fresh(), "PX", ttl(random)];
    if (draw < 0.4) return ["PEXPIRE", key, ttl(random)];
    if (draw < 0.45) return ["PERSIST", key];
    if (draw < 0.55) return ["APPEND", key, this.#fresh()];
    if (draw < 0.6) return ["SETRANGE", key, String(random.below(40)), "x"];
    if (draw < 0.7) return ["INCRBYFLOAT", `${key}:f`, "1.1"];
    if (draw < 0.75) return ["RENAME", key, `${key}:r`];
    if (draw < 0.8) return ["COPY", key, `${key}:r`, "REPLACE"];
    if (draw < 0.9) return ["PTTL", key];
    if (draw < 0.93) return ["DBSIZE"];
    return ["GET", key];
  }

  /** Collections of all types, and keys that change their type: judged by the states' digests. */
  #collection(key: string, random: SeededRandom): string[] {
    const name = `${key}:${random.pick(["h", "s", "z", "x", "l"])}`;
    const member = (): string => `m${random.below(12)}`;
    const type = name.at(-1);
    const draw = random.next();
    if (draw < 0.05) return ["DEL", name];
    if (draw < 0.1) return ["PEXPIRE", name, ttl(random)];
    if (draw < 0.15) return ["RENAME", name, `${key}:${random.pick(["h", "s", "z"])}`];
    if (draw < 0.2) return ["COPY", name, `${key}:${random.pick(["s", "z", "x"])}`, "REPLACE"];
    if (type === "h") {
      if (draw < 0.5) return ["HSET", name, member(), this.#fresh(), member(), this.#fresh()];
      if (draw < 0.7) return ["HINCRBYFLOAT", name, `n${random.below(3)}`, "0.1"];
      return draw < 0.85 ? ["HDEL", name, member(), member()] : ["HGETALL", name];
    }
    if (type === "s") {
      if (draw < 0.5) return ["SADD", name, member(), member(), member()];
      if (draw < 0.7) return ["SPOP", name, String(random.below(3))];
      return draw < 0.85 ? ["SREM", name, member()] : ["SUNIONSTORE", `${key}:s`, name, `${key}:z`];
    }
    if (type === "z") {
      if (draw < 0.5) return ["ZADD", name, String(random.below(9)), member(), "inf", member()];
      if (draw < 0.7) return ["ZINCRBY", name, "1.5", member()];
      return draw < 0.85 ? ["ZPOPMIN", name] : ["ZREMRANGEBYRANK", name, "0", "1"];
    }
    if (type === "x") {
      if (draw < 0.5) return ["XADD", name, "MAXLEN", "~", "20", "*", "f", this.#fresh()];
      if (draw < 0.6) return ["XGROUP", "CREATE", name, "g", "0", "MKSTREAM"];
      if (draw < 0.8)
        return ["XREADGROUP", "GROUP", "g", member(), "COUNT", "2", "STREAMS", name, ">"];
      return draw < 0.9
        ? ["XAUTOCLAIM", name, "g", member(), "5", "0"]
        : ["XTRIM", name, "MAXLEN", "2"];
    }
    if (draw < 0.4) return ["RPUSH", name, this.#fresh(), member()];
    if (draw < 0.6) return ["LINSERT", name, "BEFORE", member(), this.#fresh()];
    if (draw < 0.8) return ["LREM", name, "0", member()];
    return draw < 0.9 ? ["LTRIM", name, "1", "8"] : ["LSET", name, "0", this.#fresh()];
  }

  /** Few names: they are replaced, deleted and refused. What they say names its write. */
  #library(random: SeededRandom): string[] {
    const name = (): string => `library${random.below(4)}`;
    const draw = random.next();
    if (draw < 0.15) return ["FUNCTION", "DELETE", name()];
    if (draw < 0.2) return ["FUNCTION", "FLUSH"];
    if (draw < 0.3) return ["FUNCTION", "DUMP"];
    const names = new Set([name(), ...(random.chance(0.5) ? [name(), name()] : [])]);
    const codes = Array.from(names, (each) => `#!lua name=${each}\n${this.#fresh()}`);
    const payload = dumpLibraries(codes, LIBRARY_PAYLOAD_BYTES_MAX)!.toString("latin1");
    const policy = draw < 0.8 ? "REPLACE" : draw < 0.9 ? "APPEND" : "FLUSH";
    return ["FUNCTION", "RESTORE", payload, policy];
  }

  /** Few queues and short waits: somebody waits nearly always, and a client's patience outlasts them. */
  #queue(client: number, random: SeededRandom): Operation {
    const name = (): string => `queue${random.below(3)}`;
    const end = (): string => random.pick(["LEFT", "RIGHT"]);
    const seconds = String(random.between(0.01, 0.25));
    const key = name();
    const draw = random.next();
    const request = (...argv: string[]): Operation => made(client, "queue", key, argv);
    if (draw < 0.4) return request("RPUSH", key, this.#fresh());
    if (draw < 0.45) return request("LPUSH", key, this.#fresh(), this.#fresh());
    if (draw < 0.55) return request(random.pick(["LPOP", "RPOP"]), key);
    if (draw < 0.85) return request(random.pick(["BLPOP", "BRPOP"]), key, name(), seconds);
    if (draw < 0.92) return request("BLMOVE", key, name(), end(), end(), seconds);
    return request("LMOVE", key, name(), end(), end());
  }

  #follower(client: number, random: SeededRandom): Operation[] {
    const operations: Operation[] = [];
    const length = 1 + random.below(3);
    for (let i = 0; i < length; i++) {
      const draw = random.next();
      const { transaction } = this.mix.pipelines;
      if (draw < 0.2 && transaction > 0) {
        const pair = this.#key("pair", random);
        operations.push(made(client, "follower", pair, ["MGET", `${pair}:a`, `${pair}:b`]));
      } else {
        const expiring = draw < 0.6 && this.mix.operations.expiring > 0;
        const key = this.#key(expiring ? "expiring" : "register", random);
        operations.push(made(client, "follower", key, ["GET", key]));
      }
    }
    return operations;
  }

  /** WATCH (sometimes), MULTI, writes of both keys of a pair, EXEC. */
  #transaction(client: number, random: SeededRandom): Operation[] {
    const control = (...argv: string[]): Operation => made(client, "control", "", argv);
    const pair = this.#key("pair", random);
    const [a, b] = [`${pair}:a`, `${pair}:b`];
    const value = this.#fresh();
    const operations: Operation[] = [];
    if (random.chance(0.4)) operations.push(control("WATCH", a));
    operations.push(control("MULTI"), control("SET", a, value), control("SET", b, value));
    operations.push(control("GET", a), made(client, "transaction", pair, ["EXEC"]));
    if (random.chance(0.5)) operations.push(made(client, "transaction", pair, ["MGET", a, b]));
    return operations;
  }

  /**
   * WATCH and GET; when both are answered, MULTI, SET, EXEC. An EXEC that succeeds says that the register
   * still held what was read: a compare-and-set that the linearizability search judges.
   */
  #compareAndSet(client: number, random: SeededRandom): Pipeline {
    const key = this.#key("register", random);
    const watch = made(client, "control", "", ["WATCH", key]);
    const get = made(client, "register", key, ["GET", key]);
    const next = (): readonly Operation[] => {
      if (watch.outcome !== "ok" || get.outcome !== "ok" || typeof get.reply !== "string")
        return [];
      const value = this.#fresh();
      return [
        made(client, "control", "", ["MULTI"]),
        made(client, "control", "", ["SET", key, value]),
        made(client, "register", key, ["CAS", key, get.reply, value]),
      ];
    };
    return { operations: [watch, get], follower: false, next };
  }

  #large(client: number): Operation[] {
    return Array.from({ length: LARGE_VALUES }, (_, i) => {
      const argv = ["SET", `large-${i}`, this.#fresh() + this.#filler, "PX", "30"];
      return made(client, "volatile", "large-0", argv);
    });
  }

  #key(family: string, random: SeededRandom): string {
    const name = `${family}${random.below(this.mix.keysPerModel)}`;
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
}

function pipeline(operations: readonly Operation[]): Pipeline {
  return { operations, follower: false, next: null };
}

function made(client: number, model: Model, key: string, argv: readonly string[]): Operation {
  return {
    client,
    argv,
    model,
    key,
    invokedMs: 0,
    returnedMs: 0,
    outcome: "open",
    reply: undefined,
    node: 0,
    committedBefore: 0,
    sequence: 0,
  };
}

function modelOf(key: string): Model {
  if (key.startsWith("register")) return "register";
  if (key.startsWith("counter")) return "counter";
  return key.startsWith("expiring") ? "expiring" : "volatile";
}

function ttl(random: SeededRandom): string {
  return String(1 + random.below(400));
}

function slotName(key: string): string {
  return key.slice(0, key.indexOf("-"));
}
