/**
 * Values of keys. A string is a flat latin1 JS string below BLOB_BYTES_MIN (60 B overhead an entry, a
 * Buffer has 140 to 244) and a Blob from there on: the length alone decides. Strings are immutable and are
 * replaced; collections are objects that change in place and keep their identity while the key exists.
 */

import { Buffer } from "node:buffer";
import { assert } from "./assert.js";
import { Blob } from "./blob.js";
import { BLOB_BYTES_MIN, STRING_BYTES_MAX } from "./constants.js";
import { latin1Slice, latin1Write } from "./latin1.js";
import { Hash } from "./values/hash.js";
import { List } from "./values/list.js";
import { MemberSet } from "./values/set.js";
import { SortedSet } from "./values/sorted-set.js";
import type { Stream } from "./values/stream.js";

export type StringValue = string | Blob;
export type Collection = List | Hash | MemberSet | SortedSet | Stream;
export type Value = StringValue | Collection;
/** As Redis's TYPE says it. */
export type TypeName = "string" | "list" | "hash" | "set" | "zset" | "stream";

const scratch = Buffer.allocUnsafeSlow(BLOB_BYTES_MIN);

export function typeOf(value: Value): TypeName {
  if (typeof value === "string" || value instanceof Blob) return "string";
  if (value instanceof List) return "list";
  if (value instanceof Hash) return "hash";
  if (value instanceof MemberSet) return "set";
  return value instanceof SortedSet ? "zset" : "stream";
}

export function isStringValue(value: Value): value is StringValue {
  return typeof value === "string" || value instanceof Blob;
}

export function stringLength(value: StringValue): number {
  return value.length;
}

/** The bytes from `from` to `end`, which are inside, as a text or as bytes not to be changed. */
export function stringPart(value: StringValue, from: number, end: number): string | Uint8Array {
  return value.slice(from, end);
}

/** A view of a Blob, a copy of a small string. Do not change it. */
export function stringBytes(value: StringValue): Uint8Array {
  return typeof value === "string" ? Buffer.from(value, "latin1") : value.bytes();
}

export function stringToLatin1(value: StringValue): string {
  return typeof value === "string" ? value : latin1Slice(value.bytes(), 0, value.length);
}

/** The form in which a value is kept: bytes are copied, a Blob is immutable and shared. */
export function keptString(value: string | Uint8Array | Blob): StringValue {
  if (typeof value === "string") {
    return value.length < BLOB_BYTES_MIN ? value : Blob.fromLatin1(value);
  }
  if (value instanceof Blob) {
    return value;
  }
  const { length } = value;
  return length < BLOB_BYTES_MIN ? latin1Slice(value, 0, length) : Blob.copyOf(value);
}

/** Small results are copied into a flat string: `+` would build a rope one APPEND longer each time. */
export function appendedString(value: StringValue, suffix: Uint8Array): StringValue {
  if (typeof value !== "string") {
    return value.append(suffix);
  }
  const length = value.length + suffix.length;
  if (length < BLOB_BYTES_MIN) {
    latin1Write(scratch, value, 0);
    scratch.set(suffix, value.length);
    return latin1Slice(scratch, 0, length);
  }
  return Blob.fromLatin1(value).append(suffix);
}

/**
 * `bytes` placed at `offset`, zeros where there was nothing. The old value stays as it is. Takes time by what is
 * new, as an append does, and a piece of a Blob.
 */
export function patchedString(value: StringValue, offset: number, bytes: Uint8Array): StringValue {
  const length = Math.max(value.length, offset + bytes.length);
  assert(length <= STRING_BYTES_MAX, "a patched value has at most 512 MB");
  if (typeof value !== "string") {
    return patchedBlob(value, offset, bytes);
  }
  const target = length < BLOB_BYTES_MIN ? scratch : Buffer.allocUnsafeSlow(length);
  latin1Write(target, value, 0);
  if (offset > value.length) {
    target.fill(0, value.length, offset);
  }
  target.set(bytes, offset);
  return target === scratch ? latin1Slice(scratch, 0, length) : Blob.owning(target);
}

function patchedBlob(value: Blob, offset: number, bytes: Uint8Array): Blob {
  const gap = offset - value.length;
  if (gap > 0) {
    const suffix = Buffer.alloc(gap + bytes.length);
    suffix.set(bytes, gap);
    return value.append(suffix);
  }
  const inside = Math.min(bytes.length, -gap);
  const patched = inside === 0 ? value : value.patch(offset, bytes.subarray(0, inside));
  return inside === bytes.length ? patched : patched.append(bytes.subarray(inside));
}
