import { describe, expect, test } from "vitest";
import { reserveBytesMax } from "./constants.js";
import { GrowableBytes } from "./growable-bytes.js";

const mib = 1024 * 1024;

describe("GrowableBytes", () => {
  test("an announced length is believed up to a limit, beyond it memory follows what arrived", () => {
    const bytes = new GrowableBytes();
    const chunk = Buffer.alloc(64 * 1024, "a");
    bytes.append(chunk, 0, 20, 512 * mib);
    expect(bytes.bytes.length).toBe(reserveBytesMax);
    for (let i = 0; i < 40; i++) bytes.append(chunk, 0, chunk.length, 512 * mib);
    expect(bytes.bytes.length).toBeLessThanOrEqual(2 * bytes.length + reserveBytesMax);
  });

  test("a body of known length ends exactly at its allocation", () => {
    const bytes = new GrowableBytes();
    bytes.append(Buffer.from("begin"), 0, 5, 100_000);
    expect(bytes.bytes.length).toBe(100_000);
    bytes.append(Buffer.alloc(99_995), 0, 99_995, 100_000);
    expect(bytes.bytes.length).toBe(100_000);
  });

  test("appends keep what was there, also with a length announced again and again", () => {
    const bytes = new GrowableBytes();
    let text = "";
    let grown = 0;
    for (let i = 0; i < 5_000; i++) {
      const before = bytes.bytes;
      bytes.append(Buffer.from(`${i},`), 0, `${i},`.length, bytes.length + 9);
      text += `${i},`;
      if (bytes.bytes !== before) grown++;
    }
    expect(bytes.bytes.toString("latin1", 0, bytes.length)).toBe(text);
    // Doubling: one allocation per argument would be 5 000.
    expect(grown).toBeLessThan(20);
  });

  test("memory that cannot be had is told, and what was there stays", () => {
    const bytes = new GrowableBytes();
    bytes.append(Buffer.from("kept"), 0, 4, 0);
    // An impossible source length stands for a request beyond what one buffer can hold.
    const impossible = 2 ** 52;
    expect(bytes.append(Buffer.from("more"), 0, impossible, 0)).toBe(false);
    expect(bytes.bytes.toString("latin1", 0, bytes.length)).toBe("kept");
  });
});
