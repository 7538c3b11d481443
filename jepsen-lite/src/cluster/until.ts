/** Waiting by looking: a condition, a deadline, and what was seen last when it passes. */

import { LOOK_INTERVAL_MS, SETTLE_TIMEOUT_MS } from "./constants.js";

/** Thrown by a probe: there is nothing to wait for any more. */
export class Hopeless extends Error {
  override readonly name = "Hopeless";
}

/** Looks until `probe` gives null; else it says what is still missing. Rejects with the last of that. */
export async function until(
  what: string,
  probe: () => Promise<string | null>,
  timeoutMs = SETTLE_TIMEOUT_MS,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  let missing: string | null = "never looked at";
  while (missing !== null) {
    if (performance.now() >= endMs) throw new Error(`${what}: not in ${timeoutMs} ms: ${missing}`);
    try {
      missing = await probe();
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      missing = error instanceof Error ? error.message : String(error);
    }
    if (missing !== null) await pause(LOOK_INTERVAL_MS);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
