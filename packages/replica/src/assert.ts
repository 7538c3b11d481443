/** A broken invariant: the process must stop. On in production (docs/ARCHITECTURE.md, "Errors"). */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws {@link AssertionError} with a constant text when `condition` does not hold. */
export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new AssertionError(text);
}
