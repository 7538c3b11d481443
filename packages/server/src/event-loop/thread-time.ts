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
const space = 0x20;
const digit0 = 0x30;

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
    const bytes = this.#bytes;
    const length = readSync(this.#file, bytes, 0, bytesMax, 0);
    const running = bytes.indexOf(space);
    const noCpu = bytes.indexOf(space, running + 1);
    if (noCpu <= running || noCpu >= length) return null;
    return {
      runningMs: numberIn(bytes, 0, running) / 1e6,
      noCpuMs: numberIn(bytes, running + 1, noCpu) / 1e6,
    };
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

/** A hundred times a second: no text is made of it. */
function numberIn(bytes: Uint8Array, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) number = number * 10 + (bytes[at]! - digit0);
  return number;
}

function openIfThere(): number | null {
  try {
    return openSync(file, "r");
  } catch {
    // Another system, or a kernel built without it: the meter goes on without.
    return null;
  }
}
