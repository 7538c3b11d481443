/**
 * A history as a file: JSON lines, in the order in which they are appended, which is that of their times. What was
 * written when the writer was killed is a history too: its last line may be torn, and its open operations are unknown.
 */

import { once } from "node:events";
import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import type { HistoryEvent } from "./event.js";
import { type History, historyOf } from "./history.js";

/** Appends events to a file that it makes. */
export class JournalWriter {
  readonly #stream: WriteStream;
  #failure: Error | null = null;

  /** Rejects when there is such a file, or none can be made. */
  static async create(path: string): Promise<JournalWriter> {
    const stream = createWriteStream(path, { flags: "wx" });
    await once(stream, "open");
    return new JournalWriter(stream);
  }

  private constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#failure = error;
    });
  }

  /** False: `drained` should be waited for before many more are appended. Throws when an earlier write failed. */
  append(event: HistoryEvent): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.#stream.write(`${JSON.stringify(event)}\n`);
  }

  /** Resolves when the file has taken most of what was appended. Rejects when a write failed. */
  async drained(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#stream.writableNeedDrain) await once(this.#stream, "drain");
  }

  /** Resolves when everything is in the file. Rejects when a write failed. */
  async close(): Promise<void> {
    if (!this.#stream.destroyed) {
      this.#stream.end();
      await once(this.#stream, "close");
    }
    if (this.#failure !== null) throw this.#failure;
  }
}

export interface Journal {
  readonly history: History;
  /** The last line, when it was not written to its end. It is no part of the history. */
  readonly torn: string | null;
}

/** Throws when another line than the last cannot be read, or the events are no history. */
export async function readJournal(path: string): Promise<Journal> {
  const events: HistoryEvent[] = [];
  let torn: string | null = null;
  for await (const event of journalEvents(path, (line) => {
    torn = line;
  }))
    events.push(event);
  return { history: historyOf(events), torn };
}

/** One event at a time: a file may be larger than memory. `onTorn` is told of a last line without an end. */
export async function* journalEvents(
  path: string,
  onTorn: (line: string) => void,
): AsyncGenerator<HistoryEvent, void, undefined> {
  let number = 0;
  let rest = "";
  for await (const chunk of createReadStream(path, "utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      number += 1;
      const event = eventOf(line);
      if (event === null) throw new Error(`${path}:${number}: no event: ${line}`);
      yield event;
    }
  }
  if (rest === "") return;
  // Only the end of the line may be missing.
  const last = eventOf(rest);
  if (last === null) onTorn(rest);
  else yield last;
}

/** null: it is not whole, or no event. */
function eventOf(line: string): HistoryEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const isEvent =
    "process" in value && "type" in value && "op" in value && "value" in value && "time" in value;
  return isEvent ? (value as HistoryEvent) : null;
}
