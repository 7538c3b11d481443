/**
 * One anomaly planted in a correct history of transactions over lists. Each says why no order can explain what it
 * makes. They change answers that are there; what needs two transactions in a certain position to each other is in
 * `list-patterns.ts`.
 */

import type { Json } from "../../history/event.js";
import type { Random } from "../../random.js";
import type { Draft } from "./drafts.js";
import { listPatterns } from "./list-patterns.js";
import type { Mutation } from "./register-mutations.js";

/** A step that reads, and the transaction that it stands in. */
interface ReadSite {
  readonly draft: Draft;
  readonly key: string;
  /** A copy is written back; this one is as it was. */
  readonly elements: readonly string[];
  readonly set: (elements: readonly string[]) => void;
}

interface AppendSite {
  readonly draft: Draft;
  readonly key: string;
  readonly element: string;
  /** null: none is told from now on. */
  readonly setLength: (length: number | null) => void;
}

function steps(draft: Draft): readonly (readonly Json[])[] {
  const value = draft.outcome === "ok" ? draft.output : draft.input;
  return value as readonly (readonly Json[])[];
}

function setStep(draft: Draft, at: number, step: readonly Json[]): void {
  draft.output = steps(draft).map((each, i) => (i === at ? step : each));
}

function readsOf(drafts: readonly Draft[]): ReadSite[] {
  return drafts
    .filter(({ outcome }) => outcome === "ok")
    .flatMap((draft) =>
      steps(draft).flatMap(([kind, key, elements], at) =>
        kind !== "r"
          ? []
          : [
              {
                draft,
                key: key as string,
                elements: elements as readonly string[],
                set: (changed: readonly string[]) =>
                  setStep(draft, at, ["r", key as string, changed]),
              },
            ],
      ),
    );
}

function appendsOf(drafts: readonly Draft[]): AppendSite[] {
  return drafts.flatMap((draft) =>
    steps(draft).flatMap(([kind, key, element], at) =>
      kind !== "append"
        ? []
        : [
            {
              draft,
              key: key as string,
              element: element as string,
              setLength: (length: number | null) =>
                setStep(
                  draft,
                  at,
                  length === null ? [kind, key!, element!] : [kind, key!, element!, length],
                ),
            },
          ],
    ),
  );
}

function precedes(a: Draft, b: Draft): boolean {
  return a.completedAt < b.invokedAt;
}

function appends(draft: Draft, key: string): boolean {
  return steps(draft).some(([kind, at]) => kind === "append" && at === key);
}

function forgetLengths(drafts: readonly Draft[], key: string): void {
  for (const append of appendsOf(drafts)) {
    if (append.key === key && append.draft.outcome === "ok") append.setLength(null);
  }
}

function pick<T>(random: Random, found: readonly T[]): T | null {
  return found.length === 0 ? null : random.pick(found);
}

/** Of what is read, with who appended it and at which place. */
function readAppends(drafts: readonly Draft[]) {
  const appended = new Map(
    appendsOf(drafts).map((append) => [`${append.key}/${append.element}`, append]),
  );
  return readsOf(drafts).flatMap((read) =>
    read.elements.map((element, place) => ({
      read,
      place,
      append: appended.get(`${read.key}/${element}`)!,
    })),
  );
}

const answerMutations: Readonly<Record<string, Mutation>> = {
  /** The append of the last element had been answered when the read began. */
  "stale read"(drafts, random) {
    const found = pick(
      random,
      readAppends(drafts).filter(
        ({ read, place, append }) =>
          place === read.elements.length - 1 &&
          precedes(append.draft, read.draft) &&
          !appends(read.draft, read.key),
      ),
    );
    found?.read.set(found.read.elements.slice(0, -1));
    return found !== null;
  },

  /** Nobody finds it, also who came behind its answer. Half of the time no length tells of it either. */
  "lost append"(drafts, random) {
    const found = pick(
      random,
      readAppends(drafts).filter(({ read, append }) => precedes(append.draft, read.draft)),
    );
    if (found === null) return false;
    const { key, element } = found.append;
    for (const read of readsOf(drafts)) {
      if (read.key === key && read.elements.includes(element))
        read.set(read.elements.filter((each) => each !== element));
    }
    if (random.chance(0.5)) forgetLengths(drafts, key);
    return true;
  },

  /** What certainly was not appended is found. */
  "aborted read"(drafts, random) {
    const failed = appendsOf(drafts).filter(({ draft }) => draft.outcome === "fail");
    const found = pick(
      random,
      failed.flatMap((append) =>
        readsOf(drafts)
          .filter(({ key }) => key === append.key)
          .map((read) => ({ append, read })),
      ),
    );
    found?.read.set([...found.read.elements, found.append.element]);
    return found !== null;
  },

  /** One finds two elements the other way round than another does. */
  "order swapped for one"(drafts, random) {
    const reads = readsOf(drafts);
    const found = pick(
      random,
      reads.filter(
        ({ key, elements, draft }) =>
          elements.length > 1 &&
          reads.some(
            (other) =>
              other.draft !== draft &&
              other.key === key &&
              other.elements.length >= elements.length,
          ),
      ),
    );
    if (found === null) return false;
    found.set(swapped(found.elements, random.below(found.elements.length - 1)));
    return true;
  },

  /** All find them the other way round, though one was answered before the other was asked for. */
  "order swapped for everyone"(drafts, random) {
    const found = pick(
      random,
      readAppends(drafts).filter(({ read, place, append }) => {
        const next = read.elements[place + 1];
        if (next === undefined) return false;
        const second = appendsOf(drafts).find(
          ({ key, element }) => key === read.key && element === next,
        );
        return second !== undefined && precedes(append.draft, second.draft);
      }),
    );
    if (found === null) return false;
    const { place, append } = found;
    for (const read of readsOf(drafts)) {
      if (read.key !== append.key || read.elements.length <= place) continue;
      const isCut = read.elements.length === place + 1;
      read.set(isCut ? read.elements.slice(0, -1) : swapped(read.elements, place));
    }
    forgetLengths(drafts, append.key);
    return true;
  },

  /** It was appended once. */
  "duplicated append"(drafts, random) {
    const found = pick(
      random,
      readsOf(drafts).filter(({ elements }) => elements.length > 0),
    );
    found?.set([...found.elements, random.pick(found.elements)]);
    return found !== null;
  },

  /** Of two appends of another transaction one is found. */
  "intermediate read"(drafts, random) {
    const found = pick(
      random,
      readAppends(drafts).filter(({ read, place, append }) => {
        const next = read.elements[place + 1];
        return (
          append.draft !== read.draft &&
          !appends(read.draft, read.key) &&
          next !== undefined &&
          steps(append.draft).some(
            ([kind, key, element]) => kind === "append" && key === read.key && element === next,
          )
        );
      }),
    );
    found?.read.set(found.read.elements.slice(0, found.place + 1));
    return found !== null;
  },

  /** A transaction does not find what it appended itself. */
  "own append not seen"(drafts, random) {
    const found = pick(
      random,
      readAppends(drafts).filter(({ read, append }) => append.draft === read.draft),
    );
    if (found === null) return false;
    const { read, place } = found;
    read.set(read.elements.filter((_, i) => i !== place));
    return true;
  },

  /** The append had not been asked for when the read was answered. */
  "read before its append"(drafts, random) {
    const reads = readAppends(drafts);
    const found = pick(
      random,
      readsOf(drafts).flatMap((read) => {
        const next = reads.find(
          (other) => other.read.key === read.key && other.place === read.elements.length,
        );
        return next !== undefined && precedes(read.draft, next.append.draft)
          ? [{ read, element: next.append.element }]
          : [];
      }),
    );
    found?.read.set([...found.read.elements, found.element]);
    return found !== null;
  },

  /** Nobody ever appended it. */
  "phantom element"(drafts, random) {
    const found = pick(random, readsOf(drafts));
    found?.set([...found.elements, "phantom"]);
    return found !== null;
  },

  /** Lists show its place, and its answer another. */
  "wrong length"(drafts, random) {
    const found = pick(
      random,
      readAppends(drafts).filter(({ append }) => append.draft.outcome === "ok"),
    );
    if (found === null) return false;
    found.append.setLength(found.place + (random.chance(0.5) ? 2 : 0));
    return true;
  },
};

export const listMutations: Readonly<Record<string, Mutation>> = {
  ...answerMutations,
  ...listPatterns,
};

function swapped(elements: readonly string[], at: number): string[] {
  const changed = [...elements];
  [changed[at], changed[at + 1]] = [changed[at + 1]!, changed[at]!];
  return changed;
}
