/**
 * Requests that were decoded and are not handed to the session yet, in order. One chunk of tiny requests
 * decodes into tens of thousands, and each may be answered by megabytes: a session that had them all
 * would execute them all, whatever its reader takes. Together with the paused socket this keeps what a
 * client can have waiting to about one chunk.
 */

import { requestOverheadBytes } from "./constants.js";

export class RequestBacklog {
  #requests: Buffer[][] = [];
  #next = 0;
  #bytes = 0;
  /** Told behind the last request; nothing follows it. */
  protocolError: string | null = null;

  /** Nothing waits, an error included. */
  get isEmpty(): boolean {
    return this.#requests.length === 0 && this.protocolError === null;
  }

  /** Estimated memory of what waits. */
  get bytes(): number {
    return this.#bytes;
  }

  push(argv: Buffer[]): void {
    this.#requests.push(argv);
    this.#bytes += bytesOf(argv);
  }

  /** The oldest; undefined: none left. */
  take(): Buffer[] | undefined {
    const argv = this.#requests[this.#next];
    if (argv === undefined) return undefined;
    this.#bytes -= bytesOf(argv);
    this.#requests[this.#next] = taken;
    this.#next += 1;
    if (this.#next === this.#requests.length) this.#forget();
    return argv;
  }

  clear(): void {
    this.#forget();
    this.protocolError = null;
  }

  #forget(): void {
    this.#requests = [];
    this.#next = 0;
    this.#bytes = 0;
  }
}

/** Stands for a request that was taken, so that its buffers can be collected. */
const taken: Buffer[] = [];

function bytesOf(argv: readonly Buffer[]): number {
  let bytes = requestOverheadBytes * argv.length;
  for (const argument of argv) bytes += argument.length;
  return bytes;
}
