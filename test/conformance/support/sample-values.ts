/** Values of every type and size, as commands that make them: every form in which Redis dumps one. */

import type { SeededRandom } from "./seeded-random.js";
import { Subject } from "./subject.js";

const numbers = [
  "0",
  "-1",
  "12",
  "13",
  "127",
  "-128",
  "128",
  "4095",
  "-4096",
  "4096",
  "32767",
  "-32769",
  "8388607",
  "-8388609",
  "2147483647",
  "-2147483649",
  "9223372036854775807",
  "-9223372036854775808",
  "9223372036854775808",
  "007",
  "-0",
  "+1",
  "1.5",
];
const lengths = [
  0, 1, 2, 12, 62, 63, 64, 65, 126, 127, 253, 254, 255, 1023, 1024, 4095, 4096, 9000,
];
/** Without -0, which is 0 here. */
const scores = ["0", "1", "1.5", "-3.1e-7", "1e300", "inf", "-inf", "5e-324", "100000"];
const counts = [1, 2, 3, 20, 127, 129, 300, 600];

/** Entries that are pending were delivered then: a payload is the same in each run. */
const PAYLOAD_TIME_MS = 1_000_000_000_000;

export function sampleText(random: SeededRandom): string {
  const kind = random.below(5);
  if (kind === 0) return random.pick(numbers);
  if (kind === 1) return String(random.below(2 ** 20) - 2 ** 19);
  const length = kind === 2 ? random.pick(lengths) : random.below(40);
  if (random.chance(0.4)) return String.fromCharCode(97 + random.below(3)).repeat(length);
  return Array.from({ length }, () => String.fromCharCode(random.below(256))).join("");
}

export function sampleValue(random: SeededRandom, key: string): string[][] {
  const count = random.pick(counts);
  const isInteger = random.chance(0.3);
  const text = () =>
    isInteger
      ? String(random.below(2 ** random.pick([5, 14, 20, 31, 52])) - 9)
      : sampleText(random);
  const texts = (each: () => string[]) => Array.from({ length: count }, each).flat();
  switch (random.below(6)) {
    case 0:
      return [["SET", key, sampleText(random)]];
    case 1:
      return [["RPUSH", key, ...texts(() => [text()])]];
    case 2:
      return [["SADD", key, ...texts(() => [text()])]];
    case 3:
      return [["HSET", key, ...texts(() => [text(), sampleText(random)])]];
    case 4:
      return [["ZADD", key, ...texts(() => [random.pick(scores), text()])]];
    default:
      return sampleStream(random, key, count);
  }
}

/** What our DUMP makes of one. */
export function samplePayload(random: SeededRandom): Buffer {
  for (;;) {
    const payload = payloadOfCommands(sampleValue(random, "k"));
    if (payload.length > 0) return payload;
  }
}

/** Of what commands make of the key `k`; empty: nothing. */
export function payloadOfCommands(commands: readonly (readonly string[])[]): Buffer {
  const subject = new Subject(Math.random);
  const ask = (argv: readonly string[]) =>
    subject.execute(
      argv.map((word) => Buffer.from(word, "latin1")),
      PAYLOAD_TIME_MS,
    );
  for (const argv of commands) ask(argv);
  const reply = ask(["DUMP", "k"]);
  return reply.subarray(reply.indexOf("\n") + 1, -2);
}

function sampleStream(random: SeededRandom, key: string, count: number): string[][] {
  const commands: string[][] = [["XGROUP", "CREATE", key, "group", "0", "MKSTREAM"]];
  const far = random.chance(0.2);
  const ids: string[] = [];
  let ms = far ? 18446744073709550000n : BigInt(random.below(2 ** 31)) * 500n;
  let seq = random.chance(0.3) ? 9223372036854775800n : 1n;
  for (let i = 0; i < count; i++) {
    if (random.chance(0.5)) seq += BigInt(random.below(300));
    else ms += 1n;
    seq += 1n;
    ids.push(`${ms}-${seq}`);
    const names = random.chance(0.7)
      ? ["f", "g"]
      : Array.from({ length: 3 }, () => sampleText(random));
    commands.push([
      "XADD",
      key,
      ids.at(-1)!,
      ...names.flatMap((name) => [name, sampleText(random)]),
    ]);
    if (random.chance(0.2)) commands.push(["XDEL", key, random.pick(ids)]);
  }
  if (random.chance(0.3)) commands.push(["XGROUP", "CREATE", key, "\xff\0", random.pick(ids)]);
  for (const consumer of ["c1", "c2", "\0"]) {
    const few = String(1 + random.below(20));
    commands.push(["XREADGROUP", "GROUP", "group", consumer, "COUNT", few, "STREAMS", key, ">"]);
    commands.push(["XACK", key, "group", random.pick(ids)]);
    commands.push(["XCLAIM", key, "group", "c4", "0", random.pick(ids), "RETRYCOUNT", "70000"]);
  }
  if (random.chance(0.3)) commands.push(["XTRIM", key, "MAXLEN", String(random.below(count))]);
  if (random.chance(0.1)) commands.push(["XTRIM", key, "MAXLEN", "0"]);
  if (random.chance(0.2)) commands.push(["XGROUP", "DESTROY", key, "group"]);
  return commands;
}
