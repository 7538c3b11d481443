/**
 * From what a family file declares about a command to its full row: everything that follows from
 * something else is derived here, once, at start.
 */

import { assert } from "./errors.js";
import type {
  AclCategory,
  CommandFlag,
  CommandGroup,
  CommandRow,
  Deprecation,
  Executor,
  Handler,
  KeyFlag,
  KeySpec,
  Visibility,
} from "./types.js";
import { aclCategoryNames } from "./types.js";

/** What is written down. Left out: no flags, no keys, no arguments. */
export interface RowSpec {
  readonly name: string;
  readonly arity: number;
  readonly flags?: readonly CommandFlag[];
  /** Only those that do not follow from flags. */
  readonly categories?: readonly AclCategory[];
  readonly keys?: readonly KeySpec[];
  readonly keyFlags?: (argv: readonly Buffer[]) => readonly KeyFlag[];
  readonly tips?: readonly string[];
  readonly summary: string;
  readonly since: string;
  readonly group: CommandGroup;
  readonly complexity: string;
  readonly syntax?: string;
  readonly deprecated?: Deprecation;
  /** Left out: data when there is a handler; a container has its subcommands' executor. */
  readonly executor?: Executor;
  readonly execute?: Handler;
  /** Left out: keys, when the row has key specifications. Else it must be said. */
  readonly visibility?: Visibility;
  /** It is a write though Redis does not flag it as one. */
  readonly emits?: true;
  readonly slotArgument?: number;
  readonly subcommands?: readonly RowSpec[];
}

export function defineRow(spec: RowSpec, container?: string): CommandRow {
  const fullName = container === undefined ? spec.name : `${container}|${spec.name}`;
  const flags = spec.flags ?? [];
  const keySpecs = spec.keys ?? [];
  const execute = spec.execute ?? null;
  const executor = spec.executor ?? "data";
  const visibility = spec.visibility ?? (keySpecs.length > 0 ? "keys" : undefined);
  assert(spec.name === spec.name.toLowerCase(), "a row's name is lower case");
  assert(visibility !== undefined, "a row without keys says what it reveals");
  assert(
    keySpecs.every(namesItsKeys) || visibility === "wholeKeyspace",
    "unnamed keys may be any key",
  );
  const hasHandler = execute !== null || spec.subcommands !== undefined;
  assert(executor === "data" ? hasHandler : execute === null, "data rows have a handler");
  return {
    name: spec.name,
    fullName,
    arity: spec.arity,
    flags,
    aclCategories: aclCategories(spec.categories ?? [], flags),
    keySpecs,
    keyFlags: spec.keyFlags ?? null,
    tips: spec.tips ?? [],
    summary: spec.summary,
    since: spec.since,
    group: spec.group,
    complexity: spec.complexity,
    syntax: spec.syntax ?? "",
    deprecated: spec.deprecated ?? null,
    executor,
    execute,
    visibility,
    isWrite: flags.includes("write") || spec.emits === true,
    slotArgument: spec.slotArgument ?? 0,
    isBlocking: flags.includes("blocking") && executor === "data",
    denyOom: flags.includes("denyoom"),
    subcommands: spec.subcommands === undefined ? null : subcommandMap(spec.subcommands, fullName),
  };
}

function subcommandMap(specs: readonly RowSpec[], container: string): Map<string, CommandRow> {
  const map = new Map<string, CommandRow>();
  for (const spec of specs) {
    assert(!map.has(spec.name), "a subcommand is declared once");
    map.set(spec.name, defineRow(spec, container));
  }
  return map;
}

function namesItsKeys({ flags, begin }: KeySpec): boolean {
  return !flags.includes("incomplete") && !(begin.type === "unknown" && begin.position === null);
}

/** Adds the categories that follow from flags; the rules are Redis's. */
function aclCategories(own: readonly AclCategory[], flags: readonly CommandFlag[]): AclCategory[] {
  const all = new Set<AclCategory>(own);
  const has = (flag: CommandFlag) => flags.includes(flag);
  if (has("write")) all.add("write");
  // Redis exempts scripting commands; none of them is readonly here.
  if (has("readonly")) all.add("read");
  if (has("admin")) all.add("admin").add("dangerous");
  if (has("pubsub")) all.add("pubsub");
  if (has("blocking")) all.add("blocking");
  all.add(has("fast") ? "fast" : "slow");
  return aclCategoryNames.filter((name) => all.has(name));
}

/** One key at argument `index`. */
export function keyAt(index: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    notes: null,
    begin: { type: "index", index },
    find: { type: "range", lastKey: 0, keyStep: 1, limit: 0 },
  };
}

/** Keys from argument `index` to the end, every `keyStep`-th argument. */
export function keysFrom(index: number, keyStep: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    notes: null,
    begin: { type: "index", index },
    find: { type: "range", lastKey: -1, keyStep, limit: 0 },
  };
}

/** Keys from argument `index` to the one at `end` from the end of argv (-1: the last). */
export function keysBefore(index: number, end: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    notes: null,
    begin: { type: "index", index },
    find: { type: "range", lastKey: end, keyStep: 1, limit: 0 },
  };
}

/** A key that only `position` finds (0: there is none); null: it is in no argument. */
export function keyUnknown(
  position: ((argv: readonly Buffer[]) => number) | null,
  notes: string,
  ...flags: KeyFlag[]
): KeySpec {
  return { flags, notes, begin: { type: "unknown", position }, find: { type: "unknown" } };
}

/** As many keys from the argument after `index` as the argument at `index` says. */
export function numberedKeys(index: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    notes: null,
    begin: { type: "index", index },
    find: { type: "keynum", keyNumIndex: 0, firstKey: 1, keyStep: 1 },
  };
}

export function withNotes(spec: KeySpec, notes: string): KeySpec {
  return { ...spec, notes };
}
