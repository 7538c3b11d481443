/** A map as RESP2 sends it, names and values in turn, read by name and kind. */

import { CarryError } from "./errors.js";
import type { BinaryReply } from "./reply-stream.js";

export class Fields {
  readonly #values = new Map<string, BinaryReply>();

  constructor(reply: BinaryReply) {
    if (!Array.isArray(reply) || reply.length % 2 !== 0) throw lacks("a map");
    for (let at = 0; at < reply.length; at += 2) {
      this.#values.set(String(reply[at]), reply[at + 1] ?? null);
    }
  }

  number(name: string): number {
    const value = this.#values.get(name);
    if (typeof value !== "number") throw lacks(name);
    return value;
  }

  /** `otherwise` for null: it is not known. */
  numberOr(name: string, otherwise: number): number {
    return this.#values.get(name) === null ? otherwise : this.number(name);
  }

  bytes(name: string): Buffer {
    const value = this.#values.get(name);
    if (!(value instanceof Buffer)) throw lacks(name);
    return value;
  }

  text(name: string): string {
    return this.bytes(name).toString("utf8");
  }

  /** null, too. */
  textOrNothing(name: string): string {
    return this.#values.get(name) === null ? "" : this.text(name);
  }

  list(name: string): readonly BinaryReply[] {
    const value = this.#values.get(name);
    if (!Array.isArray(value)) throw lacks(name);
    return value;
  }
}

function lacks(name: string): CarryError {
  return new CarryError(
    "NOT_UNDERSTOOD",
    `the node's answer lacks ${name}: is it another version?`,
  );
}
