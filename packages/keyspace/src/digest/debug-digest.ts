/**
 * Redis 7's DEBUG DIGEST of database 0, to compare a dataset with a real redis-server. It sees neither the
 * groups of streams nor when a key expires.
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { doubleText } from "../double-text.js";
import type { Keyspace } from "../keyspace.js";
import { isStringValue, type StringValue, stringBytes, type Value } from "../value.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import { formatStreamId, STREAM_ID_MIN } from "../values/stream-id.js";

const DIGEST_BYTES = 20;
/** Database number and object type are mixed as 32-bit big-endian. */
const DATABASE = u32(0);
const TYPES = {
  string: u32(0),
  list: u32(1),
  set: u32(2),
  sortedSet: u32(3),
  hash: u32(4),
  stream: u32(6),
} as const;
const EXPIRE_MARK = Buffer.from("!!expire!!", "latin1");

/** 40 hex digits; all zeros for an empty keyspace. Deadlines count only as present or not. */
export function debugDigest(keyspace: Keyspace): string {
  const total = Buffer.alloc(DIGEST_BYTES);
  if (keyspace.size > 0) {
    mix(total, DATABASE);
  }
  keyspace.forEachKey((key, value, deadlineMs) => {
    const digest = Buffer.alloc(DIGEST_BYTES);
    mixText(digest, key);
    mixValue(digest, value);
    if (deadlineMs !== 0) {
      xor(digest, EXPIRE_MARK);
    }
    xor(total, digest);
  });
  return total.toString("hex");
}

/** What DEBUG DIGEST-VALUE tells of a value. */
export function debugDigestValue(value: Value, deadlineMs: number): string {
  const digest = Buffer.alloc(DIGEST_BYTES);
  mixValue(digest, value);
  if (deadlineMs !== 0) {
    xor(digest, EXPIRE_MARK);
  }
  return digest.toString("hex");
}

function mixValue(digest: Buffer, value: Value): void {
  if (isStringValue(value)) {
    mix(digest, TYPES.string);
    mixString(digest, value);
  } else if (value instanceof List) {
    mix(digest, TYPES.list);
    value.forEachFrom(0, 1, (element) => {
      mixString(digest, element);
      return true;
    });
  } else if (value instanceof MemberSet) {
    mix(digest, TYPES.set);
    value.forEach((member) => {
      xor(digest, Buffer.from(member, "latin1"));
    });
  } else if (value instanceof SortedSet) {
    mix(digest, TYPES.sortedSet);
    value.forEach((member, score) => {
      const entry = Buffer.alloc(DIGEST_BYTES);
      mixText(entry, member);
      mixText(entry, doubleText(score));
      xor(digest, entry);
    });
  } else if (value instanceof Hash) {
    mix(digest, TYPES.hash);
    value.forEach((field, content) => {
      const entry = Buffer.alloc(DIGEST_BYTES);
      mixText(entry, field);
      mixString(entry, content);
      xor(digest, entry);
    });
  } else {
    mix(digest, TYPES.stream);
    value.forEachUp(STREAM_ID_MIN, (id, fields) => {
      mixText(digest, formatStreamId(id).replace("-", "."));
      for (const text of fields) mixText(digest, text);
      return true;
    });
  }
}

function mixString(digest: Buffer, value: StringValue): void {
  mix(digest, stringBytes(value));
}

function mixText(digest: Buffer, text: string): void {
  mix(digest, Buffer.from(text, "latin1"));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Order matters: the digest is hashed again after the data went in. */
function mix(digest: Buffer, bytes: Uint8Array): void {
  xor(digest, bytes);
  digest.set(sha1(digest));
}

/** Order does not matter. */
function xor(digest: Buffer, bytes: Uint8Array): void {
  const hash = sha1(bytes);
  for (let i = 0; i < DIGEST_BYTES; i++) {
    digest[i]! ^= hash[i]!;
  }
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash("sha1").update(bytes).digest();
}
