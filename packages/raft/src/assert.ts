/**
 * A broken invariant: this node can no longer vouch for what it says, so the process stops.
 * Stays on in production. The text is constant; values belong into the caller's log fields.
 */
export class AssertionError extends Error {
  readonly code = "ASSERTION_FAILED";

  constructor(text: string) {
    super(text);
    this.name = "AssertionError";
  }
}

export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new AssertionError(text);
}

/** Indexes, terms and sequences are exact only up to 2^53 - 1; one more would compare equal to its neighbour. */
export function assertSafe(value: number, text: string): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new AssertionError(text);
}
