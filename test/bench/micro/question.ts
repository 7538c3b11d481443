/** What a file of questions/ exports: one question about one part, and the cases it is answered by. */

export interface Question {
  /** One sentence. */
  readonly asks: string;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly name: string;
  /** What a figure is of: "request", "key". */
  readonly unit: string;
  /** Everything the operation needs. Called once. */
  readonly prepare: () => Operation;
}

/**
 * Leaves what was prepared as it was, or bounded, however often it is called. Returns how many units it did, found out
 * of its result: so the work can't be optimised away, and an operation that stopped working is seen.
 */
export type Operation = () => number;

/** One-byte characters in one piece, as texts out of requests are: `padStart` and `+` leave trees of pieces. */
export function flatText(prefix: string, number: number, length: number): string {
  const digits = String(number).padStart(length - prefix.length, "0");
  return Buffer.from(prefix + digits, "latin1").toString("latin1");
}

export function flatTexts(prefix: string, count: number, length: number): string[] {
  return Array.from({ length: count }, (_, i) => flatText(prefix, i, length));
}
