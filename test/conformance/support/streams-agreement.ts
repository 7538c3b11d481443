/** Replies about streams: equal but for times, for what 7.2 says otherwise, and for the shape of Redis's index. */

/** Both sides read their clock at some time between sending and receiving. */
const CLOCK_TOLERANCE_MS = 20_000;
/** Integers above are times. */
const SOME_TIME_MS = 1_000_000_000_000;

/** The name of the rule by which they agree; null: they do not. */
export function streamRepliesAgree(
  argv: readonly Buffer[],
  ours: Buffer,
  theirs: Buffer,
): string | null {
  const [a, b] = [ours.toString("latin1"), theirs.toString("latin1")];
  switch (argv[0]!.toString("latin1").toUpperCase()) {
    case "XADD":
      // A millisecond without a sequence number left.
      return a.startsWith("-ERR The ID specified") && b.startsWith("-ERR Elements are too large")
        ? "XADD where a millisecond is full"
        : null;
    case "XREAD":
    case "XREADGROUP":
      return readsAgree(a, b);
    case "XPENDING":
      return alike(a, b, (_before, i) => i % 2 === 0) ? "a time" : null;
    case "XINFO":
      return informationAgrees(a, b);
    default:
      return null;
  }
}

function readsAgree(a: string, b: string): string | null {
  if (a.startsWith("-ERR Unbalanced 'xread") && b.startsWith("-ERR Unbalanced XREAD ")) {
    return "7.2: texts of XREAD";
  }
  const isGone =
    b.startsWith("-NOGROUP the consumer group this client was blocked on no longer exists") ||
    b.startsWith("-UNBLOCKED the stream key no longer exists");
  const isSaidBy72 = a.startsWith("-NOGROUP No such key") || a.startsWith("-WRONGTYPE");
  return isGone && isSaidBy72 ? "7.2: what ends the wait for a group" : null;
}

function informationAgrees(a: string, b: string): string | null {
  const isLoose = (before: string, _index: number, value: number) =>
    value >= SOME_TIME_MS || /idle\r\n$|radix-tree-(?:keys|nodes)\r\n$/.test(before);
  if (alike(a, b, isLoose)) return "a time";
  return alike(as70(a), b, isLoose) ? "7.2: fields of consumers" : null;
}

/** Without the fields that 7.2 adds to consumers. */
function as70(reply: string): string {
  return reply
    .replace(/\$8\r\ninactive\r\n:-?\d+\r\n/g, "")
    .replace(/%4(\r\n\$4\r\nname\r\n)/g, "%3$1")
    .replace(/\*8(\r\n\$4\r\nname\r\n)/g, "*6$1")
    .replace(/\$11\r\nactive-time\r\n:-?\d+\r\n/g, "")
    .replace(/%5(\r\n\$4\r\nname\r\n)/g, "%4$1")
    .replace(/\*10(\r\n\$4\r\nname\r\n)/g, "*8$1");
}

/** Equal but for integers of which `isLoose` is true: those are near each other. */
function alike(
  a: string,
  b: string,
  isLoose: (before: string, index: number, value: number) => boolean,
): boolean {
  const [partsA, partsB] = [a.split(integer), b.split(integer)];
  return (
    partsA.length === partsB.length &&
    partsA.every((part, i) => {
      if (part === partsB[i]) return true;
      if (i % 2 === 0) return false;
      const value = Number(part);
      const distance = Math.abs(value - Number(partsB[i]));
      return distance <= CLOCK_TOLERANCE_MS && isLoose(partsA[i - 1]!, (i - 1) / 2, value);
    })
  );
}

const integer = /(?<=\n|^):(-?\d+)(?=\r\n)/;
