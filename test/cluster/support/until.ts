/** Waiting by looking: a condition, a generous deadline, and what was seen last when it passes. */

/** Milliseconds between looks. */
const lookIntervalMs = 20;
/** Milliseconds. Far beyond what a loaded machine needs; only a fault reaches it. */
const patienceMs = 60_000;

/** Thrown by a probe: there is nothing to wait for any more. */
export class Hopeless extends Error {
  override readonly name = "Hopeless";
}

/** Looks until `probe` gives something; an error counts as "not yet" and is the reason told at the end. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  withinMs = patienceMs,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  let last: unknown = "the condition never held";
  while (performance.now() < endMs) {
    try {
      const found = await probe();
      if (found !== null && found !== undefined && found !== false) return found;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error;
    }
    await pause(lookIntervalMs);
  }
  throw new Error(`waited ${withinMs} ms for: ${what}`, { cause: last });
}

/** For what a test lets happen for a while (a fault that lasts), never to wait for an effect. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
