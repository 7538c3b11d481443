/** Each anomaly with its good twin, and the search's limits. */

import { describe, expect, test } from "vitest";
import { Random } from "../random.js";
import { SEARCH_MEMO_WORDS_MAX } from "./constants.js";
import { linearizability, registerModel } from "./linearizability.js";
import { draft, historyFrom, type Told, told } from "./testing/drafts.js";
import { registerHistory } from "./testing/register-store.js";
import { KeySearch } from "./wgl/key-search.js";

const check = linearizability(registerModel);
const key = "k";

function read(process: number, output: string | null, ...ms: [number, number]): Told {
  return { process, op: "read", key, output, ms };
}

function write(process: number, input: string, ...ms: [number, number]): Told {
  return { process, op: "write", key, input, output: input, ms };
}

function finalRead(process: number, output: string | null, ...ms: [number, number]): Told {
  return { process, op: "final-read", key, output, ms };
}

function cas(
  process: number,
  from: string,
  to: string,
  output: boolean,
  ...ms: [number, number]
): Told {
  return { process, op: "cas", key, input: [from, to], output, ms };
}

function setnx(process: number, input: string, output: boolean, ...ms: [number, number]): Told {
  return { process, op: "setnx", key, input, output, ms };
}

const unknown = (each: Told): Told => ({ ...each, outcome: "info" });
const failed = (each: Told): Told => ({ ...each, outcome: "fail" });

interface Twins {
  readonly name: string;
  readonly good: readonly Told[];
  readonly bad: readonly Told[];
  readonly kind: string;
  /** In the sentence, in this order. */
  readonly says: readonly string[];
}

const twins: readonly Twins[] = [
  {
    name: "a value that was overwritten is read again",
    good: [write(1, "7", 1, 2), write(1, "9", 3, 4), read(2, "9", 5, 6)],
    bad: [write(1, "7", 1, 2), write(1, "9", 3, 4), read(2, "7", 5, 6), read(2, "9", 7, 8)],
    kind: "stale read",
    says: ['Client 2 read "7"', "0.006 s", 'write of "9"', "acknowledged at 0.004 s"],
  },
  {
    name: "an acknowledged write is never seen again",
    good: [write(1, "7", 1, 2), unknown(write(1, "9", 3, 4)), read(2, "7", 5, 6)],
    bad: [write(1, "7", 1, 2), write(1, "9", 3, 4), read(2, "7", 5, 6), read(3, "7", 7, 8)],
    kind: "lost write",
    says: ['read "7"', 'write of "9"', 'that of "7" had ended'],
  },
  {
    name: "an acknowledged write is not seen, and is there at the end",
    good: [write(1, "9", 3, 4), read(2, "9", 5, 6), finalRead(3, "9", 8, 9)],
    bad: [write(1, "9", 3, 4), read(2, null, 5, 6), finalRead(3, "9", 8, 9)],
    kind: "stale read",
    says: ["read nothing", 'write of "9"'],
  },
  {
    name: "a key is empty behind a write",
    good: [failed(write(1, "9", 3, 4)), read(2, null, 5, 6)],
    bad: [write(1, "9", 3, 4), read(2, null, 5, 6)],
    kind: "lost write",
    says: ["read nothing", 'write of "9"'],
  },
  {
    name: "a refused write is read",
    good: [unknown(write(1, "9", 3, 4)), read(2, "9", 5, 6)],
    bad: [failed(write(1, "9", 3, 4)), read(2, "9", 5, 6)],
    kind: "dirty read",
    says: ['read "9"', "certainly not done"],
  },
  {
    name: "a value is read before it is written",
    good: [write(1, "9", 3, 7), read(2, "9", 5, 6)],
    bad: [read(2, "9", 5, 6), write(1, "9", 7, 8)],
    kind: "read from the future",
    says: ['read "9"', "before anybody wrote it", "0.007 s"],
  },
  {
    name: "nobody wrote what is read",
    good: [write(1, "9", 3, 4), read(2, "9", 5, 6)],
    bad: [write(1, "9", 3, 4), read(2, "8", 5, 6)],
    kind: "phantom read",
    says: ['read "8"', "nobody ever wrote"],
  },
  {
    name: "two reads disagree about the order of concurrent writes",
    good: [write(1, "7", 1, 9), write(2, "9", 1, 9), read(3, "7", 2, 3), read(3, "9", 4, 5)],
    bad: [
      write(1, "7", 1, 9),
      write(2, "9", 1, 9),
      read(3, "7", 2, 3),
      read(3, "9", 4, 5),
      read(3, "7", 6, 7),
    ],
    kind: "not linearizable",
    says: ['read "7"', 'had to be "9"'],
  },
  {
    name: "two replace the same value",
    good: [write(1, "a", 1, 2), cas(1, "a", "b", true, 3, 6), cas(2, "a", "c", false, 3, 6)],
    bad: [write(1, "a", 1, 2), cas(1, "a", "b", true, 3, 6), cas(2, "a", "c", true, 3, 6)],
    kind: "not linearizable",
    says: ['"a" became', "had to be"],
  },
  {
    name: "a replacement is refused though its value is there",
    good: [write(1, "a", 1, 2), cas(1, "b", "c", false, 3, 4)],
    bad: [write(1, "a", 1, 2), cas(1, "a", "c", false, 3, 4)],
    kind: "not linearizable",
    says: ['"a" was not', 'had to be "a"'],
  },
  {
    name: "two are told that they were first",
    good: [setnx(1, "a", true, 1, 3), setnx(2, "b", false, 1, 3)],
    bad: [setnx(1, "a", true, 1, 3), setnx(2, "b", true, 1, 3)],
    kind: "not linearizable",
    says: ["there was nothing"],
  },
  {
    name: "nobody was first",
    good: [unknown(setnx(1, "a", true, 1, 2)), setnx(2, "b", false, 3, 4)],
    bad: [failed(setnx(1, "a", true, 1, 2)), setnx(2, "b", false, 3, 4)],
    kind: "not linearizable",
    says: ["there was something", "had to be nothing"],
  },
  {
    name: "an unknown write takes effect twice",
    good: [
      write(1, "7", 1, 2),
      unknown(write(2, "9", 3, 4)),
      read(3, "7", 5, 6),
      read(3, "9", 7, 8),
    ],
    bad: [
      write(1, "7", 1, 2),
      unknown(write(2, "9", 3, 4)),
      read(3, "9", 5, 6),
      write(1, "7", 7, 8),
      read(3, "9", 9, 10),
    ],
    kind: "not linearizable",
    says: ['read "9"', 'had to be "7"'],
  },
];

describe("of each pair the one is impossible and the other is not:", () => {
  test.each(twins)("$name", ({ good, bad, kind, says }) => {
    expect(check(told(...good))).toMatchObject({ validity: "valid", anomalies: [] });
    const { validity, anomalies } = check(told(...bad));
    expect(validity).toBe("invalid");
    expect(anomalies).toHaveLength(1);
    const [anomaly] = anomalies;
    expect(anomaly!.kind).toBe(kind);
    expect(anomaly!.key).toBe(key);
    expect(anomaly!.text).toMatch(new RegExp(says.join(".*")));
    expect(anomaly!.operations).toContain(anomaly!.impossible);
  });
});

test("an unknown replacement and an unknown read explain what they can", () => {
  const replaced = unknown(cas(1, "a", "b", true, 3, 4));
  const history = told(
    write(1, "a", 1, 2),
    replaced,
    unknown(read(3, null, 3, 4)),
    read(2, "a", 5, 6),
    read(2, "b", 7, 8),
  );
  expect(check(history).validity).toBe("valid");
});

test("the window holds the impossible read, what it contradicts and what was open beside it", () => {
  const history = told(
    ...Array.from({ length: 50 }, (_, i) => write(1, `old${i}`, 2 * i, 2 * i + 1)),
    write(1, "7", 200, 201),
    write(1, "9", 202, 203),
    write(3, "beside", 204, 208),
    read(2, "7", 205, 206),
    ...Array.from({ length: 50 }, (_, i) => write(1, `new${i}`, 210 + 2 * i, 211 + 2 * i)),
  );
  const [anomaly] = check(history).anomalies;
  const shown = anomaly!.operations.map((index) => history.operations[index]!.input);
  expect(history.operations[anomaly!.impossible!]!.op).toBe("read");
  expect(shown).toEqual(expect.arrayContaining(["7", "9", "beside", null]));
  expect(shown.length).toBeLessThanOrEqual(16);
  expect(shown.filter((value) => String(value).startsWith("new"))).toEqual([]);
});

test("what is plainly impossible is found without a search, and the first of it is shown", () => {
  const writes = Array.from({ length: 24 }, (_, i) => write(100 + i, `h${i}`, 1, 500));
  const history = told(
    ...writes,
    read(1, "phantom", 501, 502),
    read(2, "phantom", 601, 602),
    write(1, "7", 700, 701),
  );
  const { anomalies, figures } = check(history);
  expect(anomalies).toMatchObject([{ kind: "phantom read", impossible: 24 }]);
  expect(figures.steps).toBe(0);
});

test("operations that are not the model's are left out, and only those asked for are checked", () => {
  const history = told(
    { process: 1, op: "increment", key, input: 1, output: 1, ms: [0, 1] },
    write(1, "a", 1, 2),
    cas(2, "x", "y", true, 3, 4),
  );
  expect(check(history).validity).toBe("invalid");
  const checkWrites = linearizability(registerModel, { ops: ["read", "write"] });
  expect(checkWrites(history)).toMatchObject({ validity: "valid", figures: { operations: 1 } });
});

test("every bad key is counted, and the first are shown", () => {
  const history = told(
    ...Array.from({ length: 30 }, (_, i) => ({ ...read(1, "phantom", i, i + 0.5), key: `k${i}` })),
  );
  const { figures, anomalies } = check(history);
  expect(figures).toMatchObject({ keys: 30, invalidKeys: 30 });
  expect(anomalies.map((anomaly) => anomaly.key)).toEqual([
    ...Array.from({ length: 10 }, (_, i) => `k${i}`),
  ]);
});

describe("unknown outcomes", () => {
  /** None of them is ever read, and any may come at any time. */
  const unknowns = (count: number): Told[] =>
    Array.from({ length: count }, (_, i) => unknown(write(100 + i, `u${i}`, i, i + 1)));
  const busy = (from: number): Told[] =>
    Array.from({ length: 60 }, (_, i) =>
      i % 6 === 5
        ? read(i % 6, `w${i - 1}`, from + i, from + i + 0.9)
        : write(i % 6, `w${i}`, from + i, from + i + 0.9),
    );

  /** One of two concurrent writes is the last, and both are read behind them. It takes a search to see it. */
  const split = (from: number): Told[] => [
    write(50, "p", from, from + 5),
    write(51, "q", from, from + 5),
    read(50, "p", from + 6, from + 7),
    read(50, "q", from + 8, from + 9),
  ];

  test("trap-40 ten of them on one key do not make a bad history undecidable", () => {
    const bad = told(...unknowns(10), ...busy(20), ...split(90));
    const { validity, figures } = check(bad);
    expect(validity).toBe("invalid");
    expect(figures.steps).toBeLessThan(20_000);
    const good = told(...unknowns(10), ...busy(20), read(7, "w58", 90, 91), read(7, "u3", 92, 93));
    expect(check(good).validity).toBe("valid");
  });

  test("forty that ask the same are not tried in every order", () => {
    const same = Array.from({ length: 40 }, (_, i) => unknown(write(i, "same", i, i + 1)));
    const history = told(
      ...same,
      write(50, "other", 50, 51),
      read(50, "same", 52, 53),
      ...split(60),
    );
    const { validity, figures } = check(history);
    expect(validity).toBe("invalid");
    expect(figures.steps).toBeLessThan(5_000);
  });
});

/** All at once, so that every subset is a configuration; and nothing explains the end. */
function hardKey(name: string, concurrent: number): Told[] {
  const writes = Array.from({ length: concurrent }, (_, i) => ({
    ...write(1_000 + i, `h${i}`, 1, 500),
    key: name,
  }));
  return [
    ...writes,
    { ...read(2_000, "h0", 501, 502), key: name },
    { ...read(2_000, "h1", 503, 504), key: name },
  ];
}

describe("the budget", () => {
  const easy = registerHistory(new Random(3), {
    clients: 8,
    operations: 10_000,
    keys: 99,
    values: null,
    failShare: 0.02,
    infoShare: 0.02,
  });

  test("one hard key among a hundred is unknown, and does not pass; the others are decided", () => {
    const history = historyFrom([...easy, ...hardKey("hard", 24).map(draft)]);
    const limited = linearizability(registerModel, { stepsMax: 400_000 });
    const { validity, figures } = limited(history);
    expect(validity).toBe("unknown");
    expect(figures).toMatchObject({ keys: 100, invalidKeys: 0, unknownKeys: 1 });
    expect(figures.steps).toBeLessThan(401_000);
  });

  test("a bad key is found beside a hard one", () => {
    const bad = { ...read(3_000, "phantom", 1, 2), key: "bad" };
    const history = historyFrom([...hardKey("hard", 24).map(draft), draft(bad)]);
    const limited = linearizability(registerModel, { stepsMax: 100_000 });
    expect(limited(history)).toMatchObject({ validity: "invalid", figures: { unknownKeys: 1 } });
  });

  test("a key that is hard for a while is taken up again where it was left", () => {
    const history = told(...hardKey("k", 12));
    const { validity, figures } = check(history);
    expect(validity).toBe("invalid");
    expect(figures.hardestKeySteps).toBeGreaterThan(40_000);
  });

  test("a search that may hold no more gives up, and gives back what it held", () => {
    const budget = { wordsLeft: 10_000 };
    const { operations } = told(...hardKey("k", 24));
    const search = new KeySearch(operations, registerModel, budget);
    expect(search.advance(10_000_000)).toBe("unknown");
    expect(budget.wordsLeft).toBeGreaterThanOrEqual(0);
    search.release();
    expect(budget.wordsLeft).toBe(10_000);
    expect(SEARCH_MEMO_WORDS_MAX * 4).toBeLessThanOrEqual(2 ** 28);
  });
});

test("a hundred thousand operations over a hundred keys take at most four steps each", () => {
  const drafts = registerHistory(new Random(5), {
    clients: 10,
    operations: 100_000,
    keys: 100,
    values: null,
    failShare: 0.02,
    infoShare: 0.001,
  });
  const { validity, figures } = check(historyFrom(drafts));
  expect(validity).toBe("valid");
  expect(figures.steps).toBeLessThan(400_000);
});
