/** What an audit does with a value takes bounded time: a command that changes the value waits for it. */

import { afterEach, describe, expect, test, vi } from "vitest";
import { Blob } from "../blob.js";
import { AUDIT_BOUNDS, BLOB_PATCHED_BYTES_MIN } from "../constants.js";
import { Stream } from "../values/stream.js";
import { streamId } from "../values/stream-id.js";
import { boundedHash } from "./bounded-hash.js";
import { Hasher } from "./value-hash.js";

afterEach(() => {
  vi.restoreAllMocks();
});

function hashOf(value: Blob | Stream): readonly [number, number] {
  const hasher = new Hasher();
  hasher.start(1);
  boundedHash(17)(value, hasher);
  return [hasher.a, hasher.b];
}

describe("an audit of one value", () => {
  test("reads the windows of a large patched string, and does not join its pieces", () => {
    const bytes = Buffer.alloc(4 * BLOB_PATCHED_BYTES_MIN + AUDIT_BOUNDS.stringBytesMax, "abc");
    const patched = Blob.copyOf(bytes).patch(100_000, Buffer.from("patch"));
    bytes.set(Buffer.from("patch"), 100_000);
    const joined = vi.spyOn(Blob.prototype, "bytes");
    const hash = hashOf(patched);
    expect(joined).not.toHaveBeenCalled();
    expect(hash).toEqual(hashOf(Blob.copyOf(bytes)));
  });

  test("reads a window of a stream whose few entries have many fields", () => {
    const stream = new Stream();
    const fields = Array.from({ length: 2000 }, (_, i) => `f${i}`);
    for (let i = 1; i <= 100; i++) stream.append(streamId(i, 0), fields);
    const parts = vi.spyOn(Hasher.prototype, "part");
    hashOf(stream);
    expect(parts.mock.calls.length).toBeLessThan(AUDIT_BOUNDS.windowElements + 2 * fields.length);
  });
});
