/** One connection of a test: requests go in whole, what left is kept as text. */

import type { ClientSink } from "../ports.js";
import type { Session } from "../session.js";
import { RawReplies } from "./raw-replies.js";

export class TestClient implements ClientSink {
  session!: Session;
  /** Requests that were sent, protocol errors included. */
  sent = 0;
  ends = 0;
  paused = false;
  pauses = 0;
  writes = 0;
  readonly #raw = new RawReplies();
  #seen = 0;

  /** Each line is one request of words split at spaces. */
  send(...lines: readonly string[]): this {
    for (const line of lines) this.sendWords(line.split(" "));
    return this;
  }

  sendWords(words: readonly (string | Buffer)[]): this {
    this.sent += 1;
    this.session.submit(
      words.map((word) => (typeof word === "string" ? Buffer.from(word, "latin1") : word)),
    );
    return this;
  }

  /** Everything that left since the connection was made. */
  get replies(): readonly string[] {
    return this.#raw.whole;
  }

  /** What left since the last call. */
  take(): string[] {
    const taken = this.#raw.whole.slice(this.#seen);
    this.#seen = this.#raw.whole.length;
    return taken;
  }

  get incomplete(): boolean {
    return this.#raw.incomplete;
  }

  write(chunks: readonly Uint8Array[]): void {
    this.writes += 1;
    for (const chunk of chunks) this.#raw.push(chunk);
  }

  end(): void {
    this.ends += 1;
  }

  pause(paused: boolean): void {
    this.paused = paused;
    if (paused) this.pauses += 1;
  }
}
