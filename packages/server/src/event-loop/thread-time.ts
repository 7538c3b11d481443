/** What the kernel says of this thread: how long it ran, and how long it could have run and had no processor. Linux only. */

import { closeSync, openSync, readSync } from "node:fs";

/** Milliseconds since the thread began. */
export interface ThreadTime {
  readonly runningMs: number;
  readonly noCpuMs: number;
}

const file = "/proc/thread-self/schedstat";
/** Two numbers of nanoseconds and one of turns on a processor. */
const bytesMax = 64;

export class ThreadClock {
  /** null: this system does not tell. */
  #file: number | null;
  readonly #bytes = Buffer.alloc(bytesMax);

  constructor() {
    this.#file = openIfThere();
  }

  /** null: not known. What the kernel has not summed up yet, some milliseconds at most, comes in the next answer. */
  read(): ThreadTime | null {
    if (this.#file === null) return null;
    const length = readSync(this.#file, this.#bytes, 0, bytesMax, 0);
    const [running, noCpu] = this.#bytes.toString("latin1", 0, length).split(" ");
    return { runningMs: Number(running) / 1e6, noCpuMs: Number(noCpu) / 1e6 };
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function openIfThere(): number | null {
  try {
    return openSync(file, "r");
  } catch {
    // Another system, or a kernel built without it: the meter goes on without.
    return null;
  }
}
