/** Sets beside a real redis-server, and whole scans of them. */

import { asSet } from "@redoubt/keyspace";
import { describe, expect, test } from "vitest";
import { compareWithRedis } from "./support/compare.js";
import { compareDifferences } from "./support/differences.js";
import { setDifferences } from "./support/differences-sets.js";
import { type RespValue, readFrame } from "./support/resp-value.js";
import { SeededRandom } from "./support/seeded-random.js";
import { SetCommands } from "./support/sets-commands.js";
import { Subject } from "./support/subject.js";
import {
  bothChosen,
  elementsOf,
  grouped,
  sameHeader,
  sameMultiset,
  scanStepsAgree,
} from "./support/unordered.js";

const sequenceLength = 250;

compareWithRedis({
  family: "sets",
  sequenceLength,
  source: (random) => new SetCommands(random, sequenceLength),
  agree,
});

compareDifferences("sets", ["SADD s m"], setDifferences);

/** Replies that need not be equal byte for byte have a rule here. */
function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer, subject: Subject): boolean {
  switch (argv[0]!.toString("latin1").toUpperCase()) {
    case "SMEMBERS":
    case "SINTER":
    case "SUNION":
    case "SDIFF":
      return sameMultiset(ours, theirs, 1);
    case "SRANDMEMBER":
      return choicesAgree(argv, ours, theirs, membersOf(subject, argv[1]!));
    case "SPOP":
      // The set is as it was before with what we popped.
      return choicesAgree(argv, ours, theirs, [...membersOf(subject, argv[1]!), ...chosenIn(ours)]);
    case "SSCAN": {
      const fromStart = argv[2]!.toString("latin1") === "0";
      return scanStepsAgree(ours, theirs, 1, new Set(membersOf(subject, argv[1]!)), fromStart);
    }
    default:
      return false;
  }
}

function choicesAgree(
  argv: readonly Buffer[],
  ours: Buffer,
  theirs: Buffer,
  members: readonly string[],
): boolean {
  const counted = argv.length > 2;
  const isArray = elementsOf(ours) !== null;
  if (isArray !== counted || (counted && !sameHeader(ours, theirs))) return false;
  const distinct = !counted || !argv[2]!.toString("latin1").startsWith("-");
  return bothChosen(chosenIn(ours), chosenIn(theirs), new Set(members), distinct);
}

function chosenIn(reply: Buffer): string[] {
  return grouped(elementsOf(reply) ?? [readFrame(reply, 0)!.value], 1);
}

function membersOf(subject: Subject, key: Buffer): string[] {
  const members: string[] = [];
  const value = subject.keyspace.peek(key.toString("latin1"));
  const set = value === undefined ? undefined : asSet(value);
  set?.forEach((member) => {
    members.push(JSON.stringify([member]));
  });
  return members;
}

describe("SSCAN", () => {
  function run(subject: Subject, ...argv: string[]): RespValue {
    const request = argv.map((argument) => Buffer.from(argument, "latin1"));
    return readFrame(subject.execute(request, 1000), 0)!.value;
  }

  /** Calls `between` after each step. */
  function scanAll(subject: Subject, options: readonly string[], between: () => void): string[] {
    const seen: string[] = [];
    let cursor = "0";
    do {
      const reply = run(subject, "SSCAN", "s", cursor, ...options) as [string, string[]];
      cursor = reply[0];
      seen.push(...reply[1]);
      between();
    } while (cursor !== "0");
    return seen.sort();
  }

  const all = Array.from({ length: 3000 }, (_, i) => `m${i}`).sort();

  function filled(): Subject {
    const subject = new Subject(new SeededRandom(1).next);
    run(subject, "SADD", "s", ...all);
    return subject;
  }

  test.each([[[]], [["COUNT", "1"]], [["COUNT", "77"]], [["COUNT", "100000"]]])(
    "gives every member of a large set once, with %j",
    (options) => {
      expect(scanAll(filled(), options, () => {})).toEqual(all);
    },
  );

  test("MATCH chooses among the members", () => {
    const chosen = all.filter((member) => /^m1.*5$/.test(member));
    expect(scanAll(filled(), ["MATCH", "m1*5"], () => {})).toEqual(chosen);
  });

  test("gives every member that stays while others come and go", () => {
    const subject = filled();
    const random = new SeededRandom(7);
    let step = 0;
    const seen = scanAll(subject, ["COUNT", "50"], () => {
      step += 1;
      run(subject, "SREM", "s", `m${2 * random.below(1500)}`);
      if (step < 20) run(subject, "SADD", "s", `new${step}`);
    });
    const stayed = all.filter((member) => /[13579]$/.test(member));
    expect(stayed.filter((member) => !seen.includes(member))).toEqual([]);
  });
});
