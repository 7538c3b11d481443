/** What generators of collection commands share: edge arguments, and commands about keys whatever they hold. */

import type { SeededRandom } from "./seeded-random.js";

export const edgeIntegers = [
  "0",
  "1",
  "-1",
  "7",
  "-12",
  "99999",
  "4294967296",
  "9007199254740991",
  "9007199254740993",
  "-9007199254740993",
  "4611686018427387903",
  "4611686018427387904",
  "9223372036854775807",
  "-9223372036854775807",
  "-9223372036854775808",
  "9223372036854775808",
  "-9223372036854775809",
  "99999999999999999999",
];

export const badIntegers = ["", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "0x1", "abc", "1\0"];

export const edgeFloats = [
  "0",
  "-0",
  "0.1",
  "-0.3",
  "3.0e3",
  "1e-7",
  "-1.5e10",
  "1e17",
  "1e19",
  "12345678901234567890",
  "0x1.8p1",
  ".5",
  "5.",
  "1e-18",
  "4.9e-324",
  "1e400",
  "-1e4931",
  "1.1e4932",
  "1e4933",
  "1e-4960",
  "inf",
  "-inf",
  "+Infinity",
  "nan",
  "1e",
  "",
  " 1",
  "1 ",
  "abc",
];

/** Names of fields and members: short, binary, empty, integers, one too long to be packed. */
export const names = [
  "a",
  "b",
  "c",
  "d",
  "e",
  "",
  "1",
  "2",
  "-3",
  "03",
  "9223372036854775807",
  "9223372036854775808",
  "\xff\0\r\n",
  "*[",
  "m".repeat(64),
  "n".repeat(65),
  "o".repeat(2000),
];

/** Commands on keys of any type. Deadlines are far away, and never two different relative ones. */
export function keyCommand(random: SeededRandom, key: () => string): string[] {
  const makers: (() => string[])[] = [
    () => [random.pick(["DEL", "UNLINK", "EXISTS", "TOUCH"]), key(), key()],
    () => ["TYPE", key()],
    () => [random.pick(["RENAME", "RENAMENX"]), key(), key()],
    () => ["COPY", key(), key(), ...random.pick([[], ["REPLACE"]])],
    () => ["EXPIREAT", key(), random.pick(["4000000000", "5000000000", "1"])],
    () => ["EXPIRETIME", key()],
    () => ["PERSIST", key()],
    () => ["SET", key(), random.pick(["v", "12", ""])],
    () => ["GET", key()],
    () => ["APPEND", key(), "x"],
  ];
  return random.pick(makers)();
}

/** Now and then an argument too few or too many, or a name in lower case. */
export function disturbed(random: SeededRandom, argv: string[]): Buffer[] {
  const result = [...argv];
  if (random.chance(0.02) && result.length > 1) result.pop();
  if (random.chance(0.02)) result.push(random.pick(["x", "COUNT", "LIMIT", ""]));
  if (random.chance(0.3)) result[0] = result[0]!.toLowerCase();
  return result.map((argument) => Buffer.from(argument, "latin1"));
}
