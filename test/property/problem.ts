/** What a program showed to be wrong. Anything else that is thrown is wrong, too. */
export class Problem extends Error {}

export function demand(isTrue: boolean, problem: string): asserts isTrue {
  if (!isTrue) throw new Problem(problem);
}

export function demandEqual(actual: unknown, expected: unknown, what: string): void {
  if (actual === expected) return;
  throw new Problem(`${what}: ${show(actual)}, expected ${show(expected)}`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text === undefined || text.length <= 1000 ? String(text) : `${text.slice(0, 1000)}...`;
}
