/**
 * Every effect as one canonical Redis command: replaying a committed log into a stock redis-server gives
 * the same dataset. Deadlines are absolute, as in Redis's own AOF.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import { BatchReader } from "./batch-reader.js";
import * as kind from "./kinds.js";

/** In order. Values are views of the payload. */
export function toCommands(payload: Uint8Array): Buffer[][] {
  const reader = new BatchReader(payload);
  const commands: Buffer[][] = [];
  while (reader.next()) {
    commands.push(toCommand(reader));
  }
  return commands;
}

function toCommand(effect: BatchReader): Buffer[] {
  const key = latin1(effect.key);
  switch (effect.kind) {
    case kind.PUT_STRING:
      return effect.deadlineMs === 0
        ? [latin1("SET"), key, effect.bytes]
        : [latin1("SET"), key, effect.bytes, latin1("PXAT"), integer(effect.deadlineMs)];
    case kind.DELETE_KEY:
      return [latin1("DEL"), key];
    case kind.SET_DEADLINE:
      return effect.deadlineMs === 0
        ? [latin1("PERSIST"), key]
        : [latin1("PEXPIREAT"), key, integer(effect.deadlineMs)];
    case kind.APPEND_STRING:
      return [latin1("APPEND"), key, effect.bytes];
    case kind.PATCH_STRING:
      return [latin1("SETRANGE"), key, integer(effect.offset), effect.bytes];
    case kind.RENAME:
      return [latin1("RENAME"), key, latin1(effect.destination)];
    case kind.COPY:
      return [latin1("COPY"), key, latin1(effect.destination), latin1("REPLACE")];
    case kind.FLUSH_ALL:
      return [latin1("FLUSHALL")];
    default:
      assert(false, "every decoded effect has a command");
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

function integer(value: number): Buffer {
  return Buffer.from(String(value), "latin1");
}
