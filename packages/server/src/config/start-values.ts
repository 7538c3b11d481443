/** The values a node starts with: defaults, then every directive in order, then what is worked out. */

import { totalmem } from "node:os";
import { resolve } from "node:path";
import { ownPeer } from "./checks.js";
import { maxmemoryBytesMin, maxmemoryDefaultDivisor, mebibyte } from "./constants.js";
import type { Directive } from "./directives.js";
import { ConfigError } from "./errors.js";
import {
  type ConfigName,
  type ConfigRow,
  type ConfigValues,
  configRows,
  defaultValues,
  rowOf,
} from "./rows.js";
import type { Parsed } from "./values.js";

export interface ConfigEnvironment {
  /** Physical memory, or the container's limit. Bytes. */
  readonly totalMemoryBytes: number;
  readonly workingDirectory: string;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function valuesOf(
  directives: readonly Directive[],
  environment: ConfigEnvironment,
): ConfigValues {
  const values = defaultValues() as Mutable<ConfigValues>;
  const given = new Set<ConfigName>();
  for (const directive of directives) given.add(applyDirective(values, directive));
  resolveDefaults(values, given, environment);
  return values;
}

export function processEnvironment(): ConfigEnvironment {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  // Without a limit cgroups answer 0, or a number far above the machine's memory.
  const limited = constrained > 0 && constrained < total;
  return {
    totalMemoryBytes: limited ? constrained : total,
    workingDirectory: process.cwd(),
  };
}

export function parseInto(
  values: Mutable<ConfigValues>,
  name: ConfigName,
  words: readonly string[],
): Parsed<unknown> {
  const row = configRows[name] as ConfigRow<unknown>;
  const parsed = row.kind.parse(words, values[name]);
  if (parsed.ok) (values as Record<ConfigName, unknown>)[name] = parsed.value;
  return parsed;
}

function applyDirective(values: Mutable<ConfigValues>, directive: Directive): ConfigName {
  const { where, fromCommandLine } = directive;
  const found = rowOf(directive.name);
  if (found === undefined) {
    throw new ConfigError(
      `${where}: '${directive.name}': Bad directive or wrong number of arguments`,
    );
  }
  const { name, row } = found;
  if (row.commandLineOnly === true && !fromCommandLine) {
    throw new ConfigError(`${where}: '${name}': only allowed on the command line`);
  }
  const words = row.kind.variadic
    ? directive.words.flatMap((word) => word.split(" ").filter(Boolean))
    : directive.words;
  const parsed = parseInto(values, name, words);
  if (parsed.ok) return name;
  // A password does not belong into a terminal or a service log.
  const shown = name === "requirepass" ? [name] : [name, ...directive.words];
  throw new ConfigError(`${where}: '${shown.join(" ")}': ${parsed.reason}`);
}

function resolveDefaults(
  values: Mutable<ConfigValues>,
  given: ReadonlySet<ConfigName>,
  environment: ConfigEnvironment,
): void {
  values.dir = resolve(environment.workingDirectory, values.dir);
  if (!given.has("node-role") && ownPeer(values)?.witness) values["node-role"] = "witness";
  if (!given.has("peer-port")) values["peer-port"] = ownPeer(values)?.port ?? 0;
  if (!given.has("maxmemory")) {
    const share =
      Math.floor(environment.totalMemoryBytes / maxmemoryDefaultDivisor / mebibyte) * mebibyte;
    values.maxmemory = Math.max(share, maxmemoryBytesMin);
  }
}
