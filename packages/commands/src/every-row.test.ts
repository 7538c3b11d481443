import fc from "fast-check";
import { expect, test } from "vitest";
import { commandTable } from "./table.js";
import { Harness } from "./testing/harness.js";
import type { CommandRow } from "./types.js";

/** Line after the RESP2 reply that begins at line `start`. */
function replyEnd(lines: readonly string[], start: number): number {
  const line = lines[start]!;
  const count = Number(line.slice(1));
  if (line.startsWith("$")) return start + (count < 0 ? 1 : 2);
  if (!line.startsWith("*")) return start + 1;
  let at = start + 1;
  for (let i = 0; i < count; i++) at = replyEnd(lines, at);
  return at;
}

function dataRows(): CommandRow[] {
  return commandTable.rows
    .flatMap((row) => [row, ...(row.subcommands?.values() ?? [])])
    .filter((row) => row.execute !== null);
}

/** Nothing here holds a line end: replies are cut at them. */
const argument = fc.oneof(
  fc.constantFrom("k", "j", "{t}k", "NX", "GET", "EX", "PXAT", "DB", "COUNT", "MATCH", "REPLACE"),
  fc.constantFrom("0", "1", "-1", "99999", "9223372036854775807", "-9223372036854775808", "1e400"),
  fc.constantFrom("9007199254740992", "18446744073709551615", "inf", "0x1p9", "[^", "*", "\\"),
  fc.string({ unit: fc.constantFrom("\0", "\xff", "a", "[", "*", "-", "9", "|"), maxLength: 8 }),
);

const requests = fc.record({
  row: fc.constantFrom(...dataRows()),
  extra: fc.nat({ max: 4 }),
  arguments: fc.array(argument, { minLength: 8, maxLength: 8 }),
});

function wordsOf(request: { row: CommandRow; extra: number; arguments: string[] }): string[] {
  const { row } = request;
  const name = row.fullName.split("|");
  const argc = row.arity >= 0 ? row.arity : Math.max(-row.arity, name.length) + request.extra;
  return [...name, ...request.arguments].slice(0, argc);
}

test("trap-35 no arguments make a handler throw, and each request gets exactly one reply", () => {
  fc.assert(
    fc.property(fc.array(requests, { minLength: 20, maxLength: 60 }), (program) => {
      const db = new Harness();
      for (const request of program) {
        const lines = db.runLines(...wordsOf(request));
        expect(replyEnd(lines, 0), JSON.stringify(wordsOf(request))).toBe(lines.length);
      }
    }),
    { seed: 35, numRuns: 100 },
  );
});

test("rows that are no writes change nothing, on a follower either", () => {
  fc.assert(
    fc.property(fc.array(requests, { minLength: 20, maxLength: 40 }), (program) => {
      const db = new Harness();
      db.run("MSET k 1 j 2 {t}k 3");
      db.effects();
      for (const request of program) {
        if (request.row.isWrite) continue;
        db.observe(...wordsOf(request));
        db.run(...wordsOf(request));
      }
      expect(db.effects()).toEqual([]);
    }),
    { seed: 36, numRuns: 100 },
  );
});
