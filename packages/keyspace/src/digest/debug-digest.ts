/** Redis 7's DEBUG DIGEST of database 0, to compare a dataset with a real redis-server. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Keyspace } from "../keyspace.js";
import { stringBytes } from "../value.js";

const DIGEST_BYTES = 20;
/** Database number and object type are mixed as 32-bit big-endian; database 0 and type string are 0. */
const ZERO_U32 = Buffer.alloc(4);
const EXPIRE_MARK = Buffer.from("!!expire!!", "latin1");

/** 40 hex digits; all zeros for an empty keyspace. Deadlines count only as present or not. */
export function debugDigest(keyspace: Keyspace): string {
  const total = Buffer.alloc(DIGEST_BYTES);
  if (keyspace.size > 0) {
    mix(total, ZERO_U32);
  }
  keyspace.forEachKey((key, value, deadlineMs) => {
    const digest = Buffer.alloc(DIGEST_BYTES);
    mix(digest, Buffer.from(key, "latin1"));
    mix(digest, ZERO_U32);
    mix(digest, stringBytes(value));
    if (deadlineMs !== 0) {
      xor(digest, EXPIRE_MARK);
    }
    xor(total, digest);
  });
  return total.toString("hex");
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
