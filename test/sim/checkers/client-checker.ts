/**
 * What clients were told must be true for good:
 * - acknowledged, never lost: a write that was answered is in a committed entry at that very moment, and
 *   committed entries never change (log-checker);
 * - nothing revealed and then lost: a value that was shown is in a committed entry at that moment;
 * - atomic transactions; linearizability of each key over the whole history.
 */

import { type Reply, RespError } from "../../support/resp-reader.js";
import type { History, Operation } from "../workload/history.js";
import { checkLinearizable } from "./linearizability.js";
import { type LogChecker, Violation } from "./log-checker.js";
import { MonotoneReads } from "./monotone-reads.js";

export class ClientChecker {
  readonly #log: LogChecker;
  readonly #monotone: MonotoneReads;
  revealed = 0;
  undecidedKeys = 0;

  constructor(log: LogChecker) {
    this.#log = log;
    this.#monotone = new MonotoneReads(log);
  }

  get monotoneReads(): number {
    return this.#monotone.checked;
  }

  /** At the moment a reply leaves the node. */
  answered(operation: Operation): void {
    for (const token of tokensOf(operation.reply!))
      this.#mustBeCommitted(token, operation, "shown");
    if (acknowledgesItsValue(operation)) {
      for (const token of tokensOf(operation.argv.slice(2))) {
        this.#mustBeCommitted(token, operation, "acknowledged");
      }
    }
    if (operation.argv[0] === "ECHO" && operation.reply !== operation.argv[1]) {
      throw new Violation("order", `${operation.argv[1]} was answered ${String(operation.reply)}`);
    }
    if (operation.model === "follower" && operation.argv[0] === "GET") {
      this.#monotone.answered(operation);
    }
    if (operation.argv[0] === "MGET" && Array.isArray(operation.reply)) {
      const [a, b] = operation.reply;
      if (a !== b)
        throw new Violation("atomicity", `${operation.key}: ${String(a)} and ${String(b)}`);
    }
  }

  /** At the end of the run. */
  finish(history: History): void {
    const keys = new Map<string, Operation[]>();
    const flushes: Operation[] = [];
    for (const operation of history.operations) {
      if (operation.argv[0] === "FLUSHALL") flushes.push(operation);
      else if (operation.model === "register" || operation.model === "counter") {
        const operations = keys.get(operation.key);
        if (operations === undefined) keys.set(operation.key, [operation]);
        else operations.push(operation);
      }
    }
    for (const [key, operations] of keys) {
      const from = operations[0]!.invokedMs;
      const concurrent = flushes.filter(
        (flush) => flush.outcome !== "fail" && flush.returnedMs > from,
      );
      const verdict = checkLinearizable([...operations, ...concurrent]);
      if (verdict === "violation") throw new Violation("linearizability", `key ${key}`);
      if (verdict === "undecided") this.undecidedKeys += 1;
    }
  }

  #mustBeCommitted(token: string, operation: Operation, what: string): void {
    this.revealed += 1;
    if (this.#log.committedTokens.has(token)) return;
    throw new Violation(
      what === "shown" ? "revealed" : "acknowledged",
      `${token} was ${what} by ${operation.argv.join(" ")} on node ${operation.node} and is not committed`,
    );
  }
}

/** Commands whose success says that the value they carry was written. */
function acknowledgesItsValue(operation: Operation): boolean {
  const { argv, reply } = operation;
  if (operation.model === "transaction" || reply instanceof RespError) return false;
  if (argv[0] === "SET") return reply === "OK";
  if (argv[0] === "SETNX") return reply === 1;
  return argv[0] === "GETSET" || argv[0] === "APPEND";
}

function tokensOf(value: Reply | readonly string[]): string[] {
  if (typeof value === "string") return value.match(/v\d+\./g) ?? [];
  if (Array.isArray(value)) return value.flatMap((item) => tokensOf(item));
  return [];
}
