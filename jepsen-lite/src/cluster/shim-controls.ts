/**
 * What a preloaded shim reads: a small file that the server has mapped into its memory, and this process writes. A
 * change is seen at the next call, without a word to the server.
 */

import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { constants } from "node:os";

const INT64_BYTES = 8;
const UINT32_BYTES = 4;

/** Places in the clock's file: 64-bit integers. */
const clockFields = { offsetNs: 0, ppm: 1, sinceNs: 2 } as const;
/** Places in the disk's file: 32-bit integers. */
const diskFields = { syncError: 0, syncLie: 1, syncDelayMs: 2, writeError: 3 } as const;

export class ClockControl {
  readonly environment: Readonly<Record<string, string>>;
  readonly #path: string;

  /** The file is made at `path`; `library` is the built clock-shim. */
  constructor(path: string, library: string) {
    this.#path = path;
    this.environment = { LD_PRELOAD: library, FAULT_CLOCK_FILE: path };
    writeFileSync(path, Buffer.alloc(3 * INT64_BYTES));
  }

  /** The wall clock is off by so much from now on. */
  jump(ms: number): void {
    this.#write("offsetNs", BigInt(ms) * 1_000_000n);
  }

  /** Microseconds a second by which it runs fast; negative: slow. */
  drift(ppm: number): void {
    this.#write("sinceNs", process.hrtime.bigint());
    this.#write("ppm", BigInt(ppm));
  }

  /** Right again, at once. */
  reset(): void {
    this.#write("ppm", 0n);
    this.#write("offsetNs", 0n);
  }

  #write(field: keyof typeof clockFields, value: bigint): void {
    const bytes = Buffer.alloc(INT64_BYTES);
    bytes.writeBigInt64LE(value);
    writeAt(this.#path, bytes, clockFields[field] * INT64_BYTES);
  }
}

/** What goes wrong; what is left out does not. */
export interface DiskFaults {
  /** Syncs fail with EIO. */
  readonly syncFails?: boolean;
  /** Syncs say that they are done and do nothing. */
  readonly syncLies?: boolean;
  readonly syncDelayMs?: number;
  /** Writes fail with ENOSPC. */
  readonly isFull?: boolean;
}

export class DiskControl {
  readonly environment: Readonly<Record<string, string>>;
  readonly #path: string;

  /** Of files below `directory`; `library` is the built disk-shim. */
  constructor(path: string, library: string, directory: string) {
    this.#path = path;
    this.environment = {
      LD_PRELOAD: library,
      FAULT_DISK_FILE: path,
      FAULT_DISK_DIRECTORY: directory,
    };
    writeFileSync(path, Buffer.alloc(4 * UINT32_BYTES));
  }

  set({ syncFails = false, syncLies = false, syncDelayMs = 0, isFull = false }: DiskFaults): void {
    const bytes = Buffer.alloc(4 * UINT32_BYTES);
    const put = (field: keyof typeof diskFields, value: number): void => {
      bytes.writeUInt32LE(value, diskFields[field] * UINT32_BYTES);
    };
    put("syncError", syncFails ? constants.errno.EIO : 0);
    put("syncLie", syncLies ? 1 : 0);
    put("syncDelayMs", syncDelayMs);
    put("writeError", isFull ? constants.errno.ENOSPC : 0);
    writeAt(this.#path, bytes, 0);
  }
}

/** Of several shims: each preloaded. */
export function shimEnvironment(
  controls: readonly { readonly environment: Readonly<Record<string, string>> }[],
): Record<string, string> {
  const libraries = controls.map(({ environment }) => environment.LD_PRELOAD ?? "");
  const all = Object.assign({}, ...controls.map(({ environment }) => environment));
  return controls.length === 0 ? {} : { ...all, LD_PRELOAD: libraries.join(" ") };
}

function writeAt(path: string, bytes: Buffer, place: number): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, bytes, 0, bytes.length, place);
  } finally {
    closeSync(file);
  }
}
