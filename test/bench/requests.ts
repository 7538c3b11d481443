/** Operations as the load generator takes them: bytes made once, with places for random numbers. */

/** A place for a random number, twelve digits; each is drawn anew. */
export const NUMBER = "#".repeat(12);

export interface RandomNumber {
  /** Of its first digit. */
  readonly offset: number;
  /** It is 0 to range - 1. */
  readonly range: number;
}

export interface EncodedOperation {
  readonly bytes: Buffer;
  /** RESP replies it is answered by. */
  readonly replies: number;
  /** Its part of all operations is its weight among all weights. */
  readonly weight: number;
  readonly numbers: readonly RandomNumber[];
}

export type Command = readonly string[];

/** One write to the socket; it has ended when all commands are answered. One-byte characters. */
export function encodeCommands(
  commands: readonly Command[],
  range: number,
  weight = 1,
): EncodedOperation {
  const text = commands
    .map(
      (argv) =>
        `*${argv.length}\r\n${argv.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`,
    )
    .join("");
  const bytes = Buffer.from(text, "latin1");
  return { bytes, replies: commands.length, weight, numbers: numbersIn(text, range) };
}

/** etcdserverpb.PutRequest of etcd's v3 interface: key is field 1, value field 2, both bytes. */
export function encodePut(key: string, value: string, range: number): EncodedOperation {
  const text = field(1, key) + field(2, value);
  const bytes = Buffer.from(text, "latin1");
  return { bytes, replies: 1, weight: 1, numbers: numbersIn(text, range) };
}

function field(number: number, content: string): string {
  const lengthDelimited = 2;
  return String.fromCharCode((number << 3) | lengthDelimited) + varint(content.length) + content;
}

function varint(number: number): string {
  if (number < 128) return String.fromCharCode(number);
  return String.fromCharCode((number & 127) | 128) + varint(number >> 7);
}

function numbersIn(text: string, range: number): RandomNumber[] {
  const numbers: RandomNumber[] = [];
  for (let at = text.indexOf(NUMBER); at >= 0; at = text.indexOf(NUMBER, at + NUMBER.length)) {
    numbers.push({ offset: at, range });
  }
  return numbers;
}
