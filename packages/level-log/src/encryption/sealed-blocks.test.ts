import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { SEALED_BLOCK_BYTES } from "../constants.js";
import { realFiles } from "../files.js";
import { TestDirectory } from "../test-support.js";
import { DataKeys } from "./data-keys.js";
import { encryptedFiles } from "./encrypted-files.js";
import { BlockSealer, encodeFileHeader, STORED_BLOCK_BYTES, storedAt } from "./sealed-blocks.js";

const secret = Uint8Array.from({ length: 32 }, (_, at) => at);
const keys = new DataKeys([{ number: 1, secret }]);
const salt = Uint8Array.from({ length: 32 }, (_, at) => 255 - at);

test("what is on disk is frozen: values and snapshot files", () => {
  const file = keys.fileKey(1, salt)!;
  const sealer = new BlockSealer(file);
  const stored = Buffer.concat([sealer.seal(Buffer.from("abc")), sealer.end()]);
  expect(stored.subarray(0, storedAt(0))).toEqual(encodeFileHeader(file));
  expect(stored.toString("hex")).toMatchInlineSnapshot(
    `"5253463100000001fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e00de911090e97da6ff17e81a19acb092e4a03f53dc76519"`,
  );
});

describe("an encrypted file", () => {
  const directory = new TestDirectory();
  afterAll(() => directory.remove());
  const files = encryptedFiles(realFiles, keys);

  async function written(bytes: Buffer, pieces: readonly number[] = [1000]): Promise<string> {
    const path = directory.fresh();
    const file = await files.open(path, "create");
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const part = bytes.subarray(at, at + pieces[turn % pieces.length]!);
      await file.write(part, at);
      at += part.length;
    }
    await file.sync();
    await file.close();
    return path;
  }

  function bytesOf(count: number): Buffer {
    return Buffer.from(Uint8Array.from({ length: count }, (_, at) => (at * 31 + (at >> 8)) & 255));
  }

  test("is read back at any place, in any portions", async () => {
    const block = SEALED_BLOCK_BYTES;
    const near = fc
      .tuple(fc.nat({ max: 3 }), fc.integer({ min: -2, max: 2 }))
      .map(([blocks, more]) => Math.max(0, blocks * block + more));
    const place = fc.oneof(near, fc.nat({ max: 3 * block }));
    const portions = fc.array(fc.integer({ min: 1, max: 2 * block }), {
      minLength: 1,
      maxLength: 4,
    });
    const reads = fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(near, portions, reads, async (size, pieces, asked) => {
        const bytes = bytesOf(size);
        const path = await written(bytes, pieces);
        const file = await files.open(path, "read");
        expect(await file.size()).toBe(size);
        for (const [at, length] of asked) {
          const expected = bytes.subarray(at, at + length);
          for (const read of [file.read.bind(file), file.readSync.bind(file)]) {
            const target = Buffer.alloc(length);
            expect(await read(target, at)).toBe(expected.length);
            expect(target.subarray(0, expected.length).equals(expected)).toBe(true);
          }
        }
        await file.close();
      }),
      { numRuns: 60 },
    );
  });

  async function outcomeOf(path: string, size: number): Promise<unknown> {
    const file = await files.open(path, "read");
    try {
      const target = Buffer.alloc(size + 1);
      return target.subarray(0, await file.read(target, 0));
    } catch (error) {
      return (error as { code: unknown }).code;
    } finally {
      await file.close();
    }
  }

  async function changed(path: string, change: (bytes: Buffer) => Buffer): Promise<string> {
    const copy = directory.fresh();
    const from = await realFiles.open(path, "read");
    const bytes = Buffer.alloc(await from.size());
    await from.read(bytes, 0);
    await from.close();
    const to = await realFiles.open(copy, "create");
    await to.write(change(bytes), 0);
    await to.close();
    return copy;
  }

  test("opens no more when one bit of it has changed, or it was cut or made longer", async () => {
    const size = 2 * SEALED_BLOCK_BYTES + 100;
    const path = await written(bytesOf(size), [5000]);
    expect(await outcomeOf(path, size)).toEqual(bytesOf(size));
    const stored = storedAt(2) + 116;
    const ends = [storedAt(0), storedAt(1), storedAt(2), stored];
    for (const at of [0, 5, 9, ...ends.flatMap((end) => [end - 17, end - 1])]) {
      const flipped = await changed(path, (bytes) => {
        bytes[at]! ^= 4;
        return bytes;
      });
      expect(await outcomeOf(flipped, size), `byte ${at}`).toBe("LOG_DAMAGED");
    }
    for (const end of [0, 10, storedAt(0) + 3, storedAt(1), storedAt(2), stored - 1]) {
      const cut = await changed(path, (bytes) => bytes.subarray(0, end));
      expect(await outcomeOf(cut, size), `cut at ${end}`).toBe("LOG_DAMAGED");
    }
    const longer = await changed(path, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]));
    expect(await outcomeOf(longer, size)).toBe("LOG_DAMAGED");
  });

  test("has no block of another place or another file", async () => {
    const size = 3 * SEALED_BLOCK_BYTES;
    const bytes = Buffer.alloc(size);
    const [path, other] = [await written(bytes, [size]), await written(bytes, [size])];
    const swapped = await changed(path, (stored) => {
      const first = Buffer.from(stored.subarray(storedAt(0), storedAt(1)));
      stored.copyWithin(storedAt(0), storedAt(1), storedAt(2));
      stored.set(first, storedAt(1));
      return stored;
    });
    expect(await outcomeOf(swapped, size)).toBe("LOG_DAMAGED");
    let foreign = Buffer.alloc(0);
    await changed(other, (stored) => {
      foreign = Buffer.from(stored.subarray(storedAt(1), storedAt(2)));
      return stored;
    });
    expect(foreign.length).toBe(STORED_BLOCK_BYTES);
    const mixed = await changed(path, (stored) => {
      stored.set(foreign, storedAt(1));
      return stored;
    });
    expect(await outcomeOf(mixed, size)).toBe("LOG_DAMAGED");
  });
});
