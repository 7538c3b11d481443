/**
 * A small file outside LevelDB that remembers how far the store was when something was last promised.
 * LevelDB can lose synced records without an error (docs: "The durable log"); what vanished whole, with
 * an intact chain in front of it, is seen only from outside.
 *
 *   offset 0: slot A      offset 4096: slot B      written in turn, in place, each with its own CRC
 *
 * Written after each LevelDB sync and before anything of that batch is promised, and not synced: a
 * process that dies loses nothing it wrote, and power loss can only turn a slot back to an older
 * content, which claims less. So whatever a valid slot says was once true of the synced store:
 * - hard state, anchor and snapshot: their numbers never go back, so the slot binds whatever its age;
 * - log: within one truncation epoch it only grows. A slot of an older epoch says nothing about the log
 *   (a healthy log may be shorter by now); one of a newer epoch means the store fell behind.
 *
 * One bad slot is a torn write, the other counts. Both slots are written and synced at birth and never
 * move or grow, so no crash makes both bad or the file vanish: that is damage, since without
 * it a lost end of the log could not be told from a log that ends there.
 */

import { WATERMARK_SLOT_BYTES, WATERMARK_SLOT_STRIDE } from "./constants.js";
import { codeOf, LogDamagedError, WriteFailedError } from "./errors.js";
import type { Files, OpenFile } from "./files.js";
import { isSealed, readU64, sealRecord, writeU64 } from "./records.js";

/** What the store durably held at one moment. */
export interface Watermark {
  readonly lastIndex: number;
  readonly lastChecksum: number;
  readonly hardStateSequence: number;
  readonly term: number;
  readonly vote: number;
  readonly epoch: number;
  /** Of the meta record and the snapshot's. 0 in slots of format 1. */
  readonly revision: number;
}

const SLOTS = 2;
const MAGIC = 0x52574d31; // "RWM1"

/** Every byte of `slot` is written. */
export function encodeSlot(
  mark: Watermark,
  count: number,
  slot: Buffer = Buffer.alloc(WATERMARK_SLOT_BYTES),
): Buffer {
  slot.writeUInt32BE(MAGIC, 0);
  writeU64(slot, count, 4);
  writeU64(slot, mark.lastIndex, 12);
  slot.writeUInt32BE(mark.lastChecksum, 20);
  writeU64(slot, mark.hardStateSequence, 24);
  writeU64(slot, mark.term, 32);
  slot.writeUInt32BE(mark.vote, 40);
  writeU64(slot, mark.epoch, 44);
  writeU64(slot, mark.revision, 52);
  return sealRecord(slot);
}

/** `count` numbers the writes: the valid slot with the higher one is the newer. */
export function decodeSlot(slot: Buffer): { mark: Watermark; count: number } | null {
  if (!isSealed(slot, WATERMARK_SLOT_BYTES) || slot.readUInt32BE(0) !== MAGIC) return null;
  const mark = {
    lastIndex: readU64(slot, 12),
    lastChecksum: slot.readUInt32BE(20),
    hardStateSequence: readU64(slot, 24),
    term: readU64(slot, 32),
    vote: slot.readUInt32BE(40),
    epoch: readU64(slot, 44),
    revision: readU64(slot, 52),
  };
  return { mark, count: readU64(slot, 4) };
}

/** Both slots, synced. The caller makes the file's name durable. */
export async function createWatermark(files: Files, path: string, mark: Watermark): Promise<void> {
  const handle = await files.open(path, "create");
  try {
    const file = Buffer.alloc(WATERMARK_SLOT_STRIDE * SLOTS);
    encodeSlot(mark, 0).copy(file, 0);
    encodeSlot(mark, 1).copy(file, WATERMARK_SLOT_STRIDE);
    await handle.write(file, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export class WatermarkFile {
  readonly path: string;
  /** What the file said when it was opened. */
  readonly found: Watermark;
  readonly #handle: OpenFile;
  /** Number of the newest write; slot = count mod 2. */
  #count: number;
  /** Used again for each write, which has copied it when it returns. In memory that a system call takes as it is. */
  readonly #slot = Buffer.allocUnsafeSlow(WATERMARK_SLOT_BYTES);

  constructor(path: string, handle: OpenFile, found: Watermark, count: number) {
    this.path = path;
    this.found = found;
    this.#handle = handle;
    this.#count = count;
  }

  /**
   * Overwrites the older slot, so a torn write leaves the newer one. Synchronous: some fifty bytes into
   * the page cache, against a trip through the thread pool that every acknowledgement would wait for
   * (measured: see the commit that made it so).
   */
  write(mark: Watermark): void {
    const count = this.#count + 1;
    const slot = encodeSlot(mark, count, this.#slot);
    const offset = (count % SLOTS) * WATERMARK_SLOT_STRIDE;
    try {
      this.#handle.writeSync(slot, offset);
    } catch (error) {
      throw new WriteFailedError(`the watermark could not be written (${this.path})`, {
        cause: error,
      });
    }
    this.#count = count;
  }

  /** Not needed for safety; at opening and closing it is free and keeps the mark young. */
  async sync(): Promise<void> {
    try {
      await this.#handle.sync();
    } catch (error) {
      throw new WriteFailedError(`the watermark could not be synced (${this.path})`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

export async function openWatermark(files: Files, path: string): Promise<WatermarkFile> {
  const handle = await openExisting(files, path);
  try {
    const slots = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const bytes = Buffer.alloc(WATERMARK_SLOT_BYTES);
      await handle.read(bytes, slot * WATERMARK_SLOT_STRIDE);
      const decoded = decodeSlot(bytes);
      // A slot's number says where it belongs: a copy of the other one is no second witness.
      if (decoded !== null && decoded.count % SLOTS === slot) slots.push(decoded);
    }
    const newest = slots.sort((a, b) => b.count - a.count)[0];
    if (newest === undefined) throw new LogDamagedError("no watermark slot verifies", path);
    return new WatermarkFile(path, handle, newest.mark, newest.count);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openExisting(files: Files, path: string): Promise<OpenFile> {
  try {
    return await files.open(path, "update");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new LogDamagedError("the watermark file is missing", path, { cause: error });
  }
}
