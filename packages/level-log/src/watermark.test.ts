import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { WATERMARK_SLOT_BYTES, WATERMARK_SLOT_STRIDE } from "./constants.js";
import { realFiles } from "./files.js";
import { TestDirectory } from "./test-support.js";
import { createWatermark, openWatermark, type Watermark } from "./watermark.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

const mark = (lastIndex: number): Watermark => ({
  lastIndex,
  lastChecksum: lastIndex * 3,
  hardStateSequence: 1,
  term: 2,
  vote: 3,
  epoch: 4,
  revision: 5,
});

/** A file that was written `last` times after its creation. */
async function written(last: number): Promise<string> {
  const path = directory.fresh();
  await createWatermark(realFiles, path, mark(0));
  const file = await openWatermark(realFiles, path);
  for (let index = 1; index <= last; index++) await file.write(mark(index));
  await file.close();
  return path;
}

async function found(path: string): Promise<Watermark | string> {
  try {
    const file = await openWatermark(realFiles, path);
    await file.close();
    return file.found;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function tear(path: string, slot: number): void {
  const bytes = readFileSync(path);
  const at = slot * WATERMARK_SLOT_STRIDE;
  bytes.fill(0xff, at + WATERMARK_SLOT_BYTES / 2, at + WATERMARK_SLOT_BYTES);
  writeFileSync(path, bytes);
}

describe("watermark file", () => {
  test("the newest write is found, whatever slot it is in", async () => {
    for (const last of [0, 1, 2, 3, 4])
      expect(await found(await written(last))).toEqual(mark(last));
  });

  test("a torn write leaves the mark before it", async () => {
    for (const last of [2, 3]) {
      const path = await written(last);
      const newestSlot = (last + 1) % 2;
      tear(path, newestSlot);
      expect(await found(path)).toEqual(mark(last - 1));
    }
  });

  test("after a torn write the torn slot is the one written next", async () => {
    const path = await written(3);
    tear(path, 0);
    const file = await openWatermark(realFiles, path);
    await file.write(mark(9));
    await file.close();
    expect(await found(path)).toEqual(mark(9));
    tear(path, 0);
    expect(await found(path)).toEqual(mark(2));
  });

  test("trap-26 both slots bad, a cut file and a missing file are damage", async () => {
    const both = await written(3);
    tear(both, 0);
    tear(both, 1);
    expect(await found(both)).toBe("LOG_DAMAGED");
    const cut = await written(3);
    truncateSync(cut, 0);
    expect(await found(cut)).toBe("LOG_DAMAGED");
    const missing = await written(3);
    rmSync(missing);
    expect(await found(missing)).toBe("LOG_DAMAGED");
  });

  test("a slot copied over the other is no second witness", async () => {
    const path = await written(3);
    const bytes = readFileSync(path);
    bytes.copyWithin(0, WATERMARK_SLOT_STRIDE, WATERMARK_SLOT_STRIDE + WATERMARK_SLOT_BYTES);
    bytes.fill(0, WATERMARK_SLOT_STRIDE);
    writeFileSync(path, bytes);
    expect(await found(path)).toBe("LOG_DAMAGED");
  });
});
