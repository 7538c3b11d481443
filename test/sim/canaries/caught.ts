/** Which seed showed each canary first, and to whom: caught.json, written by search.ts. */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { canaries } from "./canaries.js";
import type { Canary } from "./canary.js";

export interface Caught {
  readonly name: string;
  /** The first, counted from 1, that shows it: so many are needed. */
  readonly seed: number;
  readonly checker: string;
}

const PATH = fileURLToPath(new URL("./caught.json", import.meta.url));

export function readCaught(): readonly Caught[] {
  return JSON.parse(readFileSync(PATH, "utf8")) as Caught[];
}

/** In the order of the canaries; one of a canary that is gone is dropped. */
export function writeCaught(caught: readonly Caught[]): void {
  const known = canaries.flatMap(({ name }) => caught.filter((each) => each.name === name));
  writeFileSync(PATH, `${JSON.stringify(known, null, 2)}\n`);
}

/** Markdown, between the markers of docs/internals/simulator.md. */
export function canaryTable(caught: readonly Caught[]): string {
  const rows = canaries.map((canary: Canary) => {
    const found = caught.find((each) => each.name === canary.name);
    const muted = canary.muted === undefined ? "" : ` (${canary.muted.join(", ")} muted)`;
    return `| ${canary.name} | ${canary.breaks} | ${found?.seed ?? "?"} | ${found?.checker ?? "nobody"}${muted} |`;
  });
  return ["| canary | what it breaks | seeds | caught by |", "|---|---|---|---|", ...rows].join(
    "\n",
  );
}
