/** Hashes beside a real redis-server, and whole scans of them. */

import { asHash, stringToLatin1 } from "@redoubt/keyspace";
import { describe, expect, test } from "vitest";
import { compareWithRedis } from "./support/compare.js";
import { compareDifferences } from "./support/differences.js";
import { hashDifferences } from "./support/differences-hashes.js";
import { HashCommands } from "./support/hashes-commands.js";
import { type RespValue, readFrame } from "./support/resp-value.js";
import { SeededRandom } from "./support/seeded-random.js";
import { Subject } from "./support/subject.js";
import {
  bothChosen,
  elementsOf,
  grouped,
  sameHeader,
  sameMultiset,
  scanStepsAgree,
} from "./support/unordered.js";

compareWithRedis({
  family: "hashes",
  source: (random) => new HashCommands(random),
  agree,
});

compareDifferences("hashes", ["HSET h f v"], hashDifferences);

/** Replies that need not be equal byte for byte have a rule here. */
function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer, subject: Subject): boolean {
  switch (argv[0]!.toString("latin1").toUpperCase()) {
    case "HKEYS":
    case "HVALS":
      return sameMultiset(ours, theirs, 1);
    case "HGETALL":
      return sameMultiset(ours, theirs, 2);
    case "HRANDFIELD":
      return randomFieldsAgree(argv, ours, theirs, subject);
    case "HSCAN": {
      const fromStart = argv[2]!.toString("latin1") === "0";
      return scanStepsAgree(ours, theirs, 2, new Set(pairsOf(subject, argv[1]!)), fromStart);
    }
    default:
      return false;
  }
}

function randomFieldsAgree(
  argv: readonly Buffer[],
  ours: Buffer,
  theirs: Buffer,
  subject: Subject,
): boolean {
  const fields = new Set(fieldsOf(subject, argv[1]!));
  if (argv.length === 2) {
    return [ours, theirs].every((reply) =>
      fields.has(JSON.stringify([readFrame(reply, 0)!.value])),
    );
  }
  const [a, b] = [elementsOf(ours), elementsOf(theirs)];
  if (a === null || b === null || !sameHeader(ours, theirs)) return false;
  const distinct = !argv[2]!.toString("latin1").startsWith("-");
  if (argv.length === 3) return bothChosen(grouped(a, 1), grouped(b, 1), fields, distinct);
  const pairs = new Set(pairsOf(subject, argv[1]!));
  return bothChosen(pairTexts(a), pairTexts(b), pairs, distinct);
}

/** RESP2: flat. RESP3: nested. */
function pairTexts(elements: readonly RespValue[]): string[] {
  const nested = elements.every((element) => Array.isArray(element));
  return nested ? elements.map((pair) => JSON.stringify(pair)) : grouped(elements, 2);
}

function fieldsOf(subject: Subject, key: Buffer): string[] {
  const fields: string[] = [];
  hashOf(subject, key)?.forEach((field) => {
    fields.push(JSON.stringify([field]));
  });
  return fields;
}

function pairsOf(subject: Subject, key: Buffer): string[] {
  const pairs: string[] = [];
  hashOf(subject, key)?.forEach((field, value) => {
    pairs.push(JSON.stringify([field, stringToLatin1(value)]));
  });
  return pairs;
}

function hashOf(subject: Subject, key: Buffer) {
  const value = subject.keyspace.peek(key.toString("latin1"));
  return value === undefined ? undefined : asHash(value);
}

describe("HSCAN", () => {
  function run(subject: Subject, ...argv: string[]): RespValue {
    const request = argv.map((argument) => Buffer.from(argument, "latin1"));
    return readFrame(subject.execute(request, 1000), 0)!.value;
  }

  /** Calls `between` after each step. */
  function scanAll(subject: Subject, options: readonly string[], between: () => void): string[] {
    const seen: string[] = [];
    let cursor = "0";
    do {
      const reply = run(subject, "HSCAN", "h", cursor, ...options) as [string, string[]];
      cursor = reply[0];
      seen.push(...grouped(reply[1], 2));
      between();
    } while (cursor !== "0");
    return seen.sort();
  }

  const fields = Array.from({ length: 3000 }, (_, i) => `f${i}`);
  const all = fields.map((field) => JSON.stringify([field, `v${field}`])).sort();

  function filled(): Subject {
    const subject = new Subject(new SeededRandom(1).next);
    run(subject, "HSET", "h", ...fields.flatMap((field) => [field, `v${field}`]));
    return subject;
  }

  test.each([[[]], [["COUNT", "1"]], [["COUNT", "77"]], [["COUNT", "100000"]]])(
    "gives every field of a large hash once, with %j",
    (options) => {
      expect(scanAll(filled(), options, () => {})).toEqual(all);
    },
  );

  test("MATCH chooses among the fields", () => {
    const chosen = all.filter((pair) => /^\["f1.*5"/.test(pair));
    expect(scanAll(filled(), ["MATCH", "f1*5"], () => {})).toEqual(chosen);
  });

  test("gives every field that stays while others come and go", () => {
    const subject = filled();
    const random = new SeededRandom(7);
    let step = 0;
    const seen = scanAll(subject, ["COUNT", "50"], () => {
      step += 1;
      run(subject, "HDEL", "h", `f${2 * random.below(1500)}`);
      if (step < 20) run(subject, "HSET", "h", `new${step}`, "v");
    });
    const stayed = all.filter((pair) => /^\["f\d*[13579]"/.test(pair));
    expect(stayed.filter((pair) => !seen.includes(pair))).toEqual([]);
  });
});
