import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkBytesMax, overflowAskedBytesMin, referenceBytesMin } from "./constants.js";
import { OutputBuffer } from "./output-buffer.js";

const text = (output: OutputBuffer, from: number, to: number) =>
  Buffer.from(output.copy(from, to)).toString("latin1");

/** Bytes that differ from their neighbours and from those of another `seed`. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + seed * 31) & 0xff;
  return bytes;
}

describe("OutputBuffer", () => {
  test("offsets count from the creation and go on after a take", () => {
    const output = new OutputBuffer();
    output.writeBytes(Buffer.from("abcdef"));
    expect([output.start, output.end]).toEqual([0, 6]);
    expect(Buffer.concat(output.take(4)).toString()).toBe("abcd");
    output.writeBytes(Buffer.from("gh"));
    expect([output.start, output.end]).toEqual([4, 8]);
    expect(text(output, 5, 8)).toBe("fgh");
  });

  test("truncate lets the offset be written anew", () => {
    const output = new OutputBuffer();
    output.writeBytes(Buffer.from("keepdrop"));
    output.truncate(4);
    output.writeBytes(Buffer.from("new"));
    expect(text(output, 0, 7)).toBe("keepnew");
  });

  test("truncate and take outside of what is held are refused", () => {
    const output = new OutputBuffer();
    output.writeBytes(Buffer.from("abc"));
    output.take(2);
    expect(() => output.truncate(1)).toThrow("truncate");
    expect(() => output.truncate(4)).toThrow("truncate");
    expect(() => output.take(1)).toThrow("take");
    expect(() => output.copy(1, 3)).toThrow("copy");
  });

  test("a large bulk is held by reference and never written", () => {
    const output = new OutputBuffer();
    const bulk = pattern(referenceBytesMin, 1);
    const before = Buffer.from(bulk);
    output.writeBytes(bulk);
    output.truncate(10);
    output.writeBytes(Buffer.from("behind"));
    expect(text(output, 0, 16)).toBe(`${before.toString("latin1", 0, 10)}behind`);
    expect(bulk.equals(before)).toBe(true);
    expect(output.take(10)[0]!.buffer).toBe(bulk.buffer);
  });

  test("small bytes are copied: their owner may change them at once", () => {
    const output = new OutputBuffer();
    const bytes = Buffer.from("mine");
    output.writeBytes(bytes);
    bytes.fill(0);
    expect(text(output, 0, 4)).toBe("mine");
  });

  test("the memory of a large reply is not written on once the reply is taken", () => {
    const output = new OutputBuffer();
    const length = chunkBytesMax * 4;
    output.reserve(length);
    output.advance(length - 100);
    const [taken] = output.take(output.end);
    expect(output.reserve(50).buffer).not.toBe(taken!.buffer);
    // A small one's is: idle connections keep 512 bytes, and the next reply needs no allocation.
    const memory = output.reserve(50);
    output.advance(50);
    output.take(output.end);
    expect(output.reserve(50)).toBe(memory);
  });

  type Step =
    | { readonly kind: "write"; readonly length: number }
    | { readonly kind: "truncate" | "take" | "copy"; readonly fraction: number };
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("write"), length: fc.nat(700) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("write"),
        length: fc.integer({ min: 8_000, max: 40_000 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constantFrom("truncate", "take", "copy"), fraction }),
    },
  );

  test("any writes, truncates and takes equal a plain byte string; taken bytes never change", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const output = new OutputBuffer();
        let model = Buffer.alloc(0);
        let seed = 0;
        const taken: { views: Uint8Array[]; expected: Buffer }[] = [];
        for (const s of steps) {
          const held = output.end - output.start;
          if (s.kind === "write") {
            const bytes = pattern(s.length, seed++);
            output.writeBytes(bytes);
            model = Buffer.concat([model, bytes]);
          } else {
            const offset = output.start + Math.floor(s.fraction * held);
            const inside = offset - output.start;
            if (s.kind === "truncate") {
              output.truncate(offset);
              model = model.subarray(0, inside);
            } else if (s.kind === "take") {
              taken.push({ views: output.take(offset), expected: model.subarray(0, inside) });
              model = model.subarray(inside);
            } else {
              const copied = output.copy(output.start, offset);
              expect(model.subarray(0, inside).equals(copied)).toBe(true);
            }
          }
          expect(output.end - output.start).toBe(model.length);
        }
        expect(model.equals(output.copy(output.start, output.end))).toBe(true);
        for (const t of taken) expect(Buffer.concat(t.views).equals(t.expected)).toBe(true);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

describe("output without end", () => {
  test("is asked about once it is large, dropped when it is too much, and takes no memory from then on", () => {
    const output = new OutputBuffer();
    const asked: number[] = [];
    output.overflows = (heldBytes) => {
      asked.push(heldBytes);
      return heldBytes > 2 * overflowAskedBytesMin;
    };
    const bytes = Buffer.alloc(1000, "x");
    const write = (count: number) => {
      for (let i = 0; i < count; i++) output.writeBytes(bytes);
    };
    write(overflowAskedBytesMin / bytes.length - 1);
    expect(asked).toEqual([]);
    expect(output.overflowed).toBe(false);
    write(5000);
    expect(output.overflowed).toBe(true);
    const questions = asked.length;
    expect(asked.at(-1)).toBeLessThan(2 * overflowAskedBytesMin + 2 * chunkBytesMax);
    // Offsets go on, the bytes are gone: at most one chunk is there.
    const end = output.end;
    write(5000);
    expect(output.end).toBe(end + 5000 * bytes.length);
    expect(asked).toHaveLength(questions);
    const kept = output.take(output.end).reduce((sum, { length }) => sum + length, 0);
    expect(kept).toBeLessThanOrEqual(chunkBytesMax);
    write(10);
    output.truncate(output.start);
    expect(output.end).toBe(output.start);
  });
});
