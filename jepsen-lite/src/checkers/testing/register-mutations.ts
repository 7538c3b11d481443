/**
 * One anomaly planted in a correct history of registers whose every write writes another value. Each says why no order
 * can explain what it makes; "definitely before" is by time. None touches what it does not need.
 */

import type { Random } from "../../random.js";
import { valueWritten } from "../register-operations.js";
import type { Draft } from "./drafts.js";

/** Changes a history in one place. False: it has no such place. */
export type Mutation = (drafts: Draft[], random: Random) => boolean;

/** Definitely before. */
function precedes(a: Draft, b: Draft): boolean {
  return a.completedAt < b.invokedAt;
}

function isRead(each: Draft): boolean {
  return each.op === "read" && each.outcome === "ok";
}

/** An acknowledged change. */
function isWrite(each: Draft): boolean {
  return each.outcome === "ok" && valueWritten(each) !== undefined;
}

/** One of the tuples that fit; null: none does. */
function site<Tuple extends readonly Draft[]>(
  random: Random,
  found: readonly Tuple[],
): Tuple | null {
  return found.length === 0 ? null : random.pick(found);
}

function pairs(
  drafts: readonly Draft[],
  fits: (a: Draft, b: Draft) => boolean,
): (readonly [Draft, Draft])[] {
  return drafts.flatMap((a) =>
    drafts.filter((b) => a.key === b.key && a !== b && fits(a, b)).map((b) => [a, b] as const),
  );
}

export const registerMutations: Readonly<Record<string, Mutation>> = {
  /** An earlier value comes again behind a later write, and no other write writes it. */
  "stale read"(drafts, random) {
    const overwritten = pairs(drafts, (a, b) => isWrite(a) && isWrite(b) && precedes(a, b));
    const found = site(
      random,
      overwritten.flatMap(([first, second]) =>
        drafts
          .filter((read) => isRead(read) && read.key === second.key && precedes(second, read))
          .map((read) => [first, read] as const),
      ),
    );
    if (found === null) return false;
    found[1].output = valueWritten(found[0])!;
    return true;
  },

  /** Nothing empties a register. */
  "lost write"(drafts, random) {
    const found = site(
      random,
      pairs(drafts, (a, b) => isWrite(a) && isRead(b) && precedes(a, b)),
    );
    if (found === null) return false;
    found[1].output = null;
    return true;
  },

  /** All who read one acknowledged write find the value of an earlier one, also one who came behind it. */
  "write lost for everyone"(drafts, random) {
    const found = site(
      random,
      pairs(drafts, (earlier, lost) => {
        const value = valueWritten(lost);
        return (
          isWrite(earlier) &&
          isWrite(lost) &&
          precedes(earlier, lost) &&
          drafts.some((read) => isRead(read) && read.output === value && precedes(lost, read))
        );
      }),
    );
    if (found === null) return false;
    const [earlier, lost] = found;
    for (const read of drafts) {
      if (isRead(read) && read.output === valueWritten(lost)) read.output = valueWritten(earlier)!;
    }
    return true;
  },

  /** What certainly was not done is seen. */
  "dirty read of a failed write"(drafts, random) {
    const failed = (each: Draft): boolean => each.outcome === "fail" && each.op === "write";
    const found = site(
      random,
      pairs(drafts, (a, b) => failed(a) && isRead(b)),
    );
    if (found === null) return false;
    found[1].output = found[0].input;
    return true;
  },

  /** The write of the first value was over when that of the second began, and the second is read first. */
  "swapped reads"(drafts, random) {
    const ordered = pairs(drafts, (a, b) => isRead(a) && isRead(b) && precedes(a, b));
    const found = site(
      random,
      ordered.filter(([a, b]) => {
        const writer = (read: Draft): Draft | undefined =>
          drafts.find((each) => isWrite(each) && valueWritten(each) === read.output);
        const [first, second] = [writer(a), writer(b)];
        return first !== undefined && second !== undefined && precedes(first, second);
      }),
    );
    if (found === null) return false;
    const [a, b] = found;
    [a.output, b.output] = [b.output, a.output];
    return true;
  },

  /** The only write of it had not begun. */
  "read before its write"(drafts, random) {
    const found = site(
      random,
      pairs(
        drafts,
        (read, write) =>
          isRead(read) &&
          write.outcome !== "fail" &&
          valueWritten(write) !== undefined &&
          precedes(read, write),
      ),
    );
    if (found === null) return false;
    found[0].output = valueWritten(found[1])!;
    return true;
  },

  /** Two replace the same value, which was written once. */
  "value replaced twice"(drafts, random) {
    const isDone = (each: Draft): boolean =>
      each.op === "cas" && each.outcome === "ok" && each.output === true;
    const isRefused = (each: Draft): boolean =>
      each.op === "cas" && each.outcome === "ok" && each.output === false;
    const found = site(
      random,
      pairs(drafts, (a, b) => isDone(a) && isRefused(b)),
    );
    if (found === null) return false;
    const [done, refused] = found;
    const [from] = done.input as [string, string];
    const [, to] = refused.input as [string, string];
    refused.input = [from, to];
    refused.output = true;
    return true;
  },

  /** It had its value alone for itself: what could change it was over, or had not begun. */
  "refused replacement of the value that was there"(drafts, random) {
    const found = site(
      random,
      drafts
        .filter((cas) => cas.op === "cas" && cas.outcome === "ok" && cas.output === true)
        .filter((cas) => {
          const [from] = cas.input as [string, string];
          const writer = drafts.find((each) => isWrite(each) && valueWritten(each) === from);
          if (writer === undefined || !precedes(writer, cas)) return false;
          return drafts.every(
            (each) =>
              each === cas ||
              each === writer ||
              each.key !== cas.key ||
              each.outcome === "fail" ||
              valueWritten(each) === undefined ||
              precedes(each, writer) ||
              precedes(cas, each),
          );
        })
        .map((cas) => [cas] as const),
    );
    if (found === null) return false;
    found[0].output = false;
    return true;
  },

  /** Something was there for good. */
  "second first write"(drafts, random) {
    const isRefused = (each: Draft): boolean =>
      each.op === "setnx" && each.outcome === "ok" && each.output === false;
    const found = site(
      random,
      pairs(drafts, (a, b) => isWrite(a) && isRefused(b) && precedes(a, b)),
    );
    if (found === null) return false;
    found[1].output = true;
    return true;
  },

  /** Nobody had begun to write anything. */
  "first write refused"(drafts) {
    const first = drafts.reduce((a, b) => (a.invokedAt <= b.invokedAt ? a : b));
    if (first.invokedAt === 0) return false;
    drafts.push({
      ...first,
      process: 1_000_000,
      op: "setnx",
      input: "never",
      output: false,
      outcome: "ok",
      error: null,
      invokedAt: first.invokedAt - 1,
      completedAt: first.invokedAt - 0.5,
    });
    return true;
  },

  /** Nobody ever wrote it. */
  "phantom value"(drafts, random) {
    const found = site(
      random,
      drafts.filter(isRead).map((read) => [read] as const),
    );
    if (found === null) return false;
    found[0].output = "phantom";
    return true;
  },

  /** Between two reads of a value another was read: it was overwritten, and is written once. */
  "value that came back"(drafts, random) {
    const changed = pairs(
      drafts,
      (a, b) => isRead(a) && isRead(b) && a.output !== b.output && precedes(a, b),
    );
    const found = site(
      random,
      changed.flatMap(([a, b]) =>
        drafts
          .filter((c) => isRead(c) && c.key === a.key && precedes(b, c))
          .map((c) => [a, c] as const),
      ),
    );
    if (found === null) return false;
    found[1].output = found[0].output;
    return true;
  },

  /** Nobody ever wrote what it replaced. */
  "acknowledged replacement of what was never there"(drafts, random) {
    const found = site(
      random,
      drafts
        .filter((each) => each.op === "cas" && each.outcome === "ok" && each.output === false)
        .map((each) => [each] as const),
    );
    if (found === null) return false;
    const [, to] = found[0].input as [string, string];
    found[0].input = ["phantom", to];
    found[0].output = true;
    return true;
  },
};
