/** Runs a canary seed by seed until a checker notices. */

import { run } from "../run.js";
import type { Canary } from "./canary.js";
import { loadPatched } from "./patched.js";

/** Every canary is caught within so many seeds, from 1. */
export const SEEDS_MAX = 200;
const DURATION_MS = 10_000;

export interface Catch {
  readonly seed: number;
  /** What was said, by the checker's name first. */
  readonly message: string;
}

/** null: nobody noticed. */
export async function catchCanary(
  canary: Canary,
  firstSeed: number,
  seeds: number,
): Promise<Catch | null> {
  const modules = await loadPatched(canary.name, canary.edits);
  const { nodes, only, mix, muted, readMode, durationMs = DURATION_MS } = canary;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const { violation } = run({
      seed,
      durationMs,
      ...modules,
      ...(nodes === undefined ? {} : { nodes }),
      ...(only === undefined ? {} : { only }),
      ...(mix === undefined ? {} : { mix }),
      ...(muted === undefined ? {} : { muted }),
      ...(readMode === undefined ? {} : { readMode }),
    });
    if (violation !== null) return { seed, message: violation.message };
  }
  return null;
}

/** "revealed: v12. was..." -> "revealed". */
export function checkerOf({ message }: Catch): string {
  return message.slice(0, message.indexOf(":"));
}
