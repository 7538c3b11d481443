/**
 * Redis's glob (stringmatch) for CONFIG GET: * ? [a-z] [^a-z] and \ before a literal, any case. Only the
 * last star is ever retried, so a hostile pattern costs at most pattern x name steps.
 */

interface Step {
  readonly matches: boolean;
  /** Pattern position after this element. */
  readonly next: number;
}

export function globMatches(pattern: string, name: string): boolean {
  const glob = pattern.toLowerCase();
  const chars = name.toLowerCase();
  let at = 0;
  let from = 0;
  let starAt = -1;
  let starFrom = 0;
  while (from < chars.length) {
    if (glob[at] === "*") {
      starAt = at;
      starFrom = from;
      at += 1;
      continue;
    }
    const step = at < glob.length ? matchOne(glob, at, chars[from] as string) : null;
    if (step?.matches === true) {
      at = step.next;
      from += 1;
    } else if (starAt >= 0) {
      at = starAt + 1;
      starFrom += 1;
      from = starFrom;
    } else {
      return false;
    }
  }
  while (glob[at] === "*") at += 1;
  return at === glob.length;
}

function matchOne(glob: string, at: number, char: string): Step {
  const element = glob[at] as string;
  if (element === "?") return { matches: true, next: at + 1 };
  if (element === "[") return matchClass(glob, at + 1, char);
  if (element === "\\" && at + 1 < glob.length) {
    return { matches: glob[at + 1] === char, next: at + 2 };
  }
  return { matches: element === char, next: at + 1 };
}

/** As in Redis a class that is never closed ends with the pattern. */
function matchClass(glob: string, start: number, char: string): Step {
  const negated = glob[start] === "^";
  let at = negated ? start + 1 : start;
  let found = false;
  while (at < glob.length && glob[at] !== "]") {
    if (glob[at] === "\\" && at + 1 < glob.length) {
      at += 1;
      if (glob[at] === char) found = true;
    } else if (glob[at + 1] === "-" && at + 2 < glob.length) {
      const ends = [glob[at] as string, glob[at + 2] as string].sort();
      if (char >= (ends[0] as string) && char <= (ends[1] as string)) found = true;
      at += 2;
    } else if (glob[at] === char) {
      found = true;
    }
    at += 1;
  }
  return { matches: found !== negated, next: Math.min(at + 1, glob.length) };
}
