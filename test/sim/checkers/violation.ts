/** A promise that was broken, by the checker's name. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly checker: string;

  constructor(checker: string, text: string) {
    super(`${checker}: ${text}`);
    this.checker = checker;
  }
}

/** How a checker says so: throws, unless this checker is muted to see whether others notice, too. */
export type Report = (checker: string, text: string) => void;

export function reporter(muted: readonly string[]): Report {
  return (checker, text) => {
    if (!muted.includes(checker)) throw new Violation(checker, text);
  };
}
