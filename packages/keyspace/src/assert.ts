/** A broken invariant of this package: the state can't be trusted any more and the process must stop. */
export class KeyspaceAssertionError extends Error {
  readonly code = "KEYSPACE_ASSERTION";

  constructor(text: string) {
    super(text);
    this.name = "KeyspaceAssertionError";
  }
}

/** Stays on in production. `text` is constant, so that a failing check costs nothing until it fails. */
export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) {
    throw new KeyspaceAssertionError(text);
  }
}
