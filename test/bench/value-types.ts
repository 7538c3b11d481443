/**
 * The types of values and their operations. Strings are 8 to 32 bytes; scores are numbers in no order; ids rise.
 * The plain sides: an array, a Map, a Set, a Map of scores with an array in their order, an array by id.
 */

import {
  asHash,
  asList,
  asSet,
  asSortedSet,
  asStream,
  parseStreamId,
  STREAM_ID_MIN,
  type StreamId,
} from "@redoubt/keyspace";
import { SortedArray } from "./sorted-array.js";
import { led, plain, type ValueType } from "./value-sides.js";

const RANGE = 100;
/** No divisor of a size: scores i * 7919 mod size are all different and in no order. */
const SCORE_STEP = 7919;
let sink = 0;

interface Entry {
  readonly id: StreamId;
  readonly fields: readonly string[];
}

function seen(text: { readonly length: number }): void {
  sink += text.length;
}

function seenEntry(entry: Entry): void {
  seen(entry.fields);
}

/** What was seen, so that nothing is optimised away. */
export function seenLength(): number {
  return sink;
}

function upTo(count: number): (text: { readonly length: number }) => boolean {
  let rest = count;
  return (text) => {
    seen(text);
    rest--;
    return rest > 0;
  };
}

const list: ValueType = {
  ours: (size, textOf) =>
    led((txn, key, i) => txn.lists.push(key, "tail", [textOf(i)]), {
      get: (_txn, _key, i, value) => asList(value)!.get(i),
      "push and pop the tail": (txn, key, i) => {
        txn.lists.push(key, "tail", [textOf(i)]);
        txn.lists.pop(key, "tail", 1);
      },
      "push and pop the head": (txn, key, i) => {
        txn.lists.push(key, "head", [textOf(i)]);
        txn.lists.pop(key, "head", 1);
      },
      set: (txn, key, i) => txn.lists.set(key, i, textOf(i)),
      "insert and remove by value": (txn, key, i) => {
        txn.lists.insert(key, "behind", textOf(i), "one more");
        txn.lists.remove(key, "head", 1, "one more");
      },
      "range of 100": (_txn, _key, i, value) =>
        asList(value)!.forEachFrom(Math.max(0, Math.min(i, size - RANGE)), 1, upTo(RANGE)),
      iterate: (_txn, _key, _i, value) => asList(value)!.forEachFrom(0, 1, upTo(size)),
    }),
  plain: (size, textOf) =>
    plain<string[]>(
      () => [],
      (value, i) => value.push(textOf(i)),
      (value) => value.slice(),
      {
        get: (value, i) => value[i],
        "push and pop the tail": (value, i) => {
          value.push(textOf(i));
          return value.pop();
        },
        "push and pop the head": (value, i) => {
          value.unshift(textOf(i));
          return value.shift();
        },
        set: (value, i) => {
          value[i] = textOf(i);
        },
        "insert and remove by value": (value, i) => {
          value.splice(value.indexOf(textOf(i)) + 1, 0, "one more");
          value.splice(value.indexOf("one more"), 1);
        },
        "range of 100": (value, i) =>
          value.slice(Math.max(0, Math.min(i, size - RANGE))).every(upTo(RANGE)),
        iterate: (value) => value.forEach(seen),
      },
    ),
};

const hash: ValueType = {
  ours: (_size, textOf) =>
    led((txn, key, i) => txn.hashes.set(key, [textOf(i)], [textOf(i + 1)]), {
      get: (_txn, _key, i, value) => asHash(value)!.get(textOf(i)),
      set: (txn, key, i) => txn.hashes.set(key, [textOf(i)], [textOf(i + 2)]),
      "add and delete": (txn, key) => {
        txn.hashes.set(key, ["one more"], ["value"]);
        txn.hashes.delete(key, ["one more"]);
      },
      "delete and put back": (txn, key, i) => {
        txn.hashes.delete(key, [textOf(i)]);
        txn.hashes.set(key, [textOf(i)], [textOf(i + 1)]);
      },
      random: (_txn, _key, _i, value) => asHash(value)!.randomField(Math.random),
      iterate: (_txn, _key, _i, value) => asHash(value)!.forEach(seen),
    }),
  plain: (size, textOf) =>
    plain<Map<string, string>>(
      () => new Map(),
      (value, i) => value.set(textOf(i), textOf(i + 1)),
      (value) => new Map(value),
      {
        get: (value, i) => value.get(textOf(i)),
        set: (value, i) => value.set(textOf(i), textOf(i + 2)),
        "add and delete": (value) => value.set("one more", "value").delete("one more"),
        "delete and put back": (value, i) => {
          value.delete(textOf(i));
          value.set(textOf(i), textOf(i + 1));
        },
        random: (value) => nth(value.keys(), Math.floor(Math.random() * size)),
        iterate: (value) =>
          value.forEach((content) => {
            seen(content);
          }),
      },
    ),
};

const set: ValueType = {
  ours: (_size, textOf) =>
    led((txn, key, i) => txn.sets.add(key, [textOf(i)]), {
      get: (_txn, _key, i, value) => asSet(value)!.has(textOf(i)),
      "add and delete": (txn, key) => {
        txn.sets.add(key, ["one more"]);
        txn.sets.remove(key, ["one more"]);
      },
      "delete and put back": (txn, key, i) => {
        txn.sets.remove(key, [textOf(i)]);
        txn.sets.add(key, [textOf(i)]);
      },
      random: (_txn, _key, _i, value) => asSet(value)!.randomMember(Math.random),
      iterate: (_txn, _key, _i, value) => asSet(value)!.forEach(seen),
    }),
  plain: (size, textOf) =>
    plain<Set<string>>(
      () => new Set(),
      (value, i) => value.add(textOf(i)),
      (value) => new Set(value),
      {
        get: (value, i) => value.has(textOf(i)),
        "add and delete": (value) => value.add("one more").delete("one more"),
        "delete and put back": (value, i) => {
          value.delete(textOf(i));
          value.add(textOf(i));
        },
        random: (value) => nth(value.values(), Math.floor(Math.random() * size)),
        iterate: (value) => value.forEach(seen),
      },
    ),
};

/** Scores come in no order; the plain side is a Map of scores and an array in order of them. */
const sortedSet: ValueType = {
  ours: (size, textOf) =>
    led((txn, key, i) => txn.sortedSets.put(key, [textOf(i)], [scoreOf(i, size)]), {
      get: (_txn, _key, i, value) => asSortedSet(value)!.score(textOf(i)),
      rank: (_txn, _key, i, value) => asSortedSet(value)!.rank(textOf(i)),
      "move and move back": (txn, key, i) => {
        txn.sortedSets.put(key, [textOf(i)], [scoreOf(i + 7, size) + 0.5]);
        txn.sortedSets.put(key, [textOf(i)], [scoreOf(i, size)]);
      },
      "delete and put back": (txn, key, i) => {
        txn.sortedSets.remove(key, [textOf(i)]);
        txn.sortedSets.put(key, [textOf(i)], [scoreOf(i, size)]);
      },
      "range of 100": (_txn, _key, i, value) =>
        asSortedSet(value)!.forEachFromRank(
          Math.max(0, Math.min(i, size - RANGE)),
          "up",
          upTo(RANGE),
        ),
      iterate: (_txn, _key, _i, value) => asSortedSet(value)!.forEachFromRank(0, "up", upTo(size)),
    }),
  plain: (size, textOf) =>
    plain<SortedArray>(
      () => new SortedArray(),
      (value, i) => value.put(textOf(i), scoreOf(i, size)),
      (value) => value.clone(),
      {
        get: (value, i) => value.scores.get(textOf(i)),
        rank: (value, i) => value.rank(textOf(i)),
        "move and move back": (value, i) => {
          value.put(textOf(i), scoreOf(i + 7, size) + 0.5);
          value.put(textOf(i), scoreOf(i, size));
        },
        "delete and put back": (value, i) => {
          value.remove(textOf(i));
          value.put(textOf(i), scoreOf(i, size));
        },
        "range of 100": (value, i) => {
          const from = Math.max(0, Math.min(i, size - RANGE));
          return value.members.slice(from, from + RANGE).forEach(seen);
        },
        iterate: (value) => value.members.forEach(seen),
      },
    ),
};

/** The plain side finds an id by halving an array of entries. */
const stream: ValueType = {
  ours: (size, textOf) =>
    led((txn, key, i) => txn.streams.append(key, idOf(i), ["f", textOf(i)]), {
      get: (_txn, _key, i, value) => asStream(value)!.get(idOf(i)),
      "range of 100": (_txn, _key, i, value) => {
        const visit = upTo(RANGE);
        asStream(value)!.forEachUp(idOf(Math.max(0, Math.min(i, size - RANGE))), (_id, fields) =>
          visit(fields),
        );
      },
      iterate: (_txn, _key, _i, value) => {
        const visit = upTo(size);
        asStream(value)!.forEachUp(STREAM_ID_MIN, (_id, fields) => visit(fields));
      },
    }),
  plain: (size, textOf) =>
    plain<Entry[]>(
      () => [],
      (value, i) => value.push({ id: idOf(i), fields: ["f", textOf(i)] }),
      (value) => value.slice(),
      {
        get: (value, i) => value[entriesBelow(value, idOf(i))],
        "range of 100": (value, i) => {
          const from = entriesBelow(value, idOf(Math.max(0, Math.min(i, size - RANGE))));
          value.slice(from, from + RANGE).forEach(seenEntry);
        },
        iterate: (value) => value.forEach(seenEntry),
      },
    ),
};

export const valueTypes: Readonly<Record<string, ValueType>> = {
  list,
  hash,
  set,
  "sorted set": sortedSet,
  stream,
};

function scoreOf(i: number, size: number): number {
  return (i * SCORE_STEP) % size;
}

function idOf(i: number): StreamId {
  return parseStreamId(`${i + 1}-0`, "first")!;
}

function entriesBelow(entries: readonly Entry[], id: StreamId): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nth(items: Iterable<string>, index: number): string | undefined {
  let rest = index;
  for (const item of items) {
    if (rest === 0) return item;
    rest--;
  }
  return undefined;
}
