/**
 * Every effect as a canonical Redis command: replaying a committed log into a stock redis-server gives
 * the same dataset. Deadlines are absolute, as in Redis's own AOF. What Redis keeps by its own clock (when a
 * consumer was seen) is no command, and no more is what changes nothing (AUDIT).
 */

import type { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import { BatchReader } from "./batch-reader.js";
import { integerArgument as integer, latin1Argument as latin1 } from "./command-arguments.js";
import { groupCommands } from "./group-effects.js";
import { hashCommand } from "./hash-effects.js";
import * as kind from "./kinds.js";
import { libraryCommand } from "./library-effects.js";
import { listCommand } from "./list-effects.js";
import { setCommand } from "./set-effects.js";
import { sortedSetCommand } from "./sorted-set-effects.js";
import { streamCommand } from "./stream-effects.js";

/** In order. Values are views of the payload. */
export function toCommands(payload: Uint8Array): Buffer[][] {
  const reader = new BatchReader(payload);
  const commands: Buffer[][] = [];
  while (reader.next()) {
    if (reader.kind === kind.AUDIT) continue;
    const inGroup = groupCommands(reader);
    if (inGroup === null) commands.push(toCommand(reader));
    else commands.push(...inGroup);
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
    case kind.PUBLISH:
      return [latin1(effect.offset === 1 ? "SPUBLISH" : "PUBLISH"), key, effect.bytes];
    default: {
      const command =
        listCommand(effect) ??
        hashCommand(effect) ??
        setCommand(effect) ??
        sortedSetCommand(effect) ??
        streamCommand(effect) ??
        libraryCommand(effect);
      assert(command !== null, "every decoded effect has a command");
      return command;
    }
  }
}
