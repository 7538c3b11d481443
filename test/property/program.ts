/**
 * What a property's program consists of. Each step says all that it depends on, so that a program with some of
 * its steps left out is a program, too: that is how a failing one is made small.
 */

/** Words of a request: latin1 texts. A RESTORE's payload is DUMPED and the key that is dumped then. */
export type Request = readonly string[];

/** Begins the word that stands for a key's DUMP. No generated word does. */
export const DUMPED = "\0dump of ";

export type Step =
  /** Commands as one request or, more of them, as one EXEC. `draw`: what random choices come from. */
  | { readonly kind: "run"; readonly requests: readonly Request[]; readonly draw: number }
  /** The same, and then the last one's handler throws: all of it is taken back. */
  | { readonly kind: "throw"; readonly requests: readonly Request[]; readonly draw: number }
  | { readonly kind: "watch"; readonly keys: readonly string[] }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "seal" }
  /** The oldest sealed batches, so many. */
  | { readonly kind: "commit"; readonly batches: number }
  /**
   * Leadership is lost. The oldest sealed batches, so many, survive. The other node leads then, or the same.
   */
  | { readonly kind: "fall"; readonly survivors: number; readonly moves: boolean };

/**
 * Log time begins in a real server's past, with deadlines in its future: deliveries have the times that were
 * told. Or it begins in the server's future: deadlines pass, and the server never expires anything itself.
 */
export type Era = "past" | "future";

export const ERA_START_MS: Readonly<Record<Era, number>> = {
  past: 1_600_000_000_000,
  future: 4_000_000_000_000,
};

/** Beyond every clock here: a deadline that never passes. */
export const FAR_MS = 5_000_000_000_000;

export interface Program {
  readonly seed: number;
  readonly era: Era;
  /** The state is looked at after every command, not only where a batch is sealed. */
  readonly isWatchedClosely: boolean;
  readonly steps: readonly Step[];
}

/** One step a line, as text to be read and, in a named test, to be repeated. */
export function shown({ seed, era, steps }: Program): string {
  const lines = steps.map((step) => `  ${JSON.stringify(step)}`);
  return [`seed ${seed}, era ${era}, ${steps.length} steps:`, ...lines].join("\n");
}
