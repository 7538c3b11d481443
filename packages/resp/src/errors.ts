/** A broken invariant of this package: a bug in the process, never something a client sent. */
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
