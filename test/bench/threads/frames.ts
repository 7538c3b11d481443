/**
 * What threads hand each other: requests that were decoded, and replies. Many in one message, one behind the other:
 *
 *   request   connection u32, arguments u32, length u32 of each, their bytes
 *   reply     connection u32, length u32, bytes
 */

const WORD_BYTES = 4;
/** Of a packer's memory, at first. */
const START_BYTES = 64 * 1024;

export class Packer {
  #bytes = Buffer.allocUnsafeSlow(START_BYTES);
  #used = 0;

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  request(connection: number, argv: readonly Uint8Array[]): void {
    let bytes = (2 + argv.length) * WORD_BYTES;
    for (const argument of argv) bytes += argument.length;
    this.#reserve(bytes);
    this.#word(connection);
    this.#word(argv.length);
    for (const argument of argv) this.#word(argument.length);
    for (const argument of argv) this.#append(argument);
  }

  reply(connection: number, chunks: readonly Uint8Array[]): void {
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    this.#reserve(2 * WORD_BYTES + length);
    this.#word(connection);
    this.#word(length);
    for (const chunk of chunks) this.#append(chunk);
  }

  /** Valid until the next call: the memory is used again. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return taken;
  }

  #word(value: number): void {
    this.#bytes.writeUInt32LE(value, this.#used);
    this.#used += WORD_BYTES;
  }

  #append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #reserve(count: number): void {
    const wanted = this.#used + count;
    if (wanted <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

/** Arguments are views of `message`. */
export function unpackRequests(
  message: Buffer,
  visit: (connection: number, argv: Buffer[]) => void,
): void {
  let at = 0;
  while (at < message.length) {
    const connection = message.readUInt32LE(at);
    const count = message.readUInt32LE(at + WORD_BYTES);
    let lengthAt = at + 2 * WORD_BYTES;
    let from = lengthAt + count * WORD_BYTES;
    const argv: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const end = from + message.readUInt32LE(lengthAt);
      argv.push(message.subarray(from, end));
      lengthAt += WORD_BYTES;
      from = end;
    }
    at = from;
    visit(connection, argv);
  }
}

/** Bytes are views of `message`. */
export function unpackReplies(
  message: Buffer,
  visit: (connection: number, bytes: Buffer) => void,
): void {
  let at = 0;
  while (at < message.length) {
    const from = at + 2 * WORD_BYTES;
    const end = from + message.readUInt32LE(at + WORD_BYTES);
    visit(message.readUInt32LE(at), message.subarray(from, end));
    at = end;
  }
}
