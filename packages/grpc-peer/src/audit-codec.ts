/** State digests to and from the `Audit` of peer.proto. */

import type { AuditReport } from "@redoubt/replica/ports";
import { MalformedFrame } from "./errors.js";
import { varintSize, type WireReader, WireType, WireWriter } from "./wire.js";

/** What of a report travels: the rest is the link's. */
export type AuditDigest = Pick<AuditReport, "index" | "term" | "format" | "digest">;

const DIGEST = /^[0-9a-f]{16}$/;
/** Four tags, three varints of at most 8 bytes, a length and 16 digits. */
const AUDIT_BYTES_MAX = 48;
const FIELD_LAST = 4;

export function encodeAudit({ index, term, format, digest }: AuditDigest): Uint8Array {
  const writer = new WireWriter(Buffer.allocUnsafe(AUDIT_BYTES_MAX + varintSize(digest.length)));
  writer.uint(1, index);
  writer.uint(2, term);
  writer.uint(3, format);
  writer.tag(4, WireType.bytes);
  writer.varint(digest.length);
  writer.raw(Buffer.from(digest, "latin1"));
  return writer.buffer.subarray(0, writer.position);
}

/** All of the reader's bytes are one report. Throws MalformedFrame. */
export function decodeAudit(reader: WireReader): AuditDigest {
  const fields = [0, 0, 0, 0];
  let digest = "";
  while (!reader.done) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    if (tag === FIELD_LAST * 8 + WireType.bytes) digest = reader.bytes().toString("latin1");
    else if (field > FIELD_LAST) reader.skip(tag % 8);
    else if (field === FIELD_LAST || field === 0 || tag % 8 !== WireType.varint)
      throw new MalformedFrame("impossible field in an audit");
    else fields[field] = reader.varint();
  }
  const [, index = 0, term = 0, format = 0] = fields;
  if (index < 1 || term < 1 || format < 1) throw new MalformedFrame("an audit is of an entry");
  if (!DIGEST.test(digest)) throw new MalformedFrame("an audit's digest is 16 hex digits");
  return { index, term, format, digest };
}
