/**
 * How many commands each generated comparison sends, both protocols together: these in a run of the tests;
 * `npm run conformance -- --commands N` divides N in the same proportions. REDOUBT_CONFORMANCE_COMMANDS is that
 * number, _SEED begins elsewhere, _SEQUENCE is the one seed to be repeated, _REPORT names the file that gets
 * a line for each comparison.
 */

import { appendFileSync } from "node:fs";

/** The whole of a run of the tests is not less. */
export const COMMANDS_MIN = 200_000;

export const shares = {
  "strings and keys": 20_000,
  hashes: 30_000,
  lists: 30_000,
  sets: 30_000,
  "SORT, OBJECT and MEMORY": 25_000,
  "sorted sets": 30_000,
  streams: 30_000,
  "all types on the same keys": 20_000,
  "waiting clients": 12_000,
  "pub/sub": 3_000,
} as const satisfies Readonly<Record<string, number>>;

export type Family = keyof typeof shares;

const { env } = process;
export const firstSeed = Number(env.REDOUBT_CONFORMANCE_SEED ?? 1);

/** Of both protocols together. */
export function commandsOf(family: Family): number {
  const wanted = env.REDOUBT_CONFORMANCE_COMMANDS;
  if (wanted === undefined) return shares[family];
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  return Math.ceil((Number(wanted) * shares[family]) / sum);
}

/** Seeds of the sequences of one comparison; a new first seed shares none with the one before. */
export function seedsOf(family: Family, sequenceLength: number): number[] {
  const one = env.REDOUBT_CONFORMANCE_SEQUENCE;
  if (one !== undefined) return [Number(one)];
  const count = Math.ceil(commandsOf(family) / 2 / sequenceLength);
  return Array.from({ length: count }, (_, i) => firstSeed * 100_000 + i);
}

export interface Report {
  readonly family: Family;
  readonly protocol: 2 | 3;
  readonly commands: number;
  readonly sequences: number;
  readonly digests: number;
  /** Replies that were equal by a rule and not byte for byte, by the rule's name. */
  readonly rules: Readonly<Record<string, number>>;
}

export function report(line: Report): void {
  const path = env.REDOUBT_CONFORMANCE_REPORT;
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(line)}\n`);
}

/** How a sequence is repeated alone. */
export function replayOf(family: Family, seed: number): string {
  return `npm run conformance -- --family '${family}' --sequence ${seed}`;
}
