/**
 * What a node tells its peers about where clients reach it, and how it was born: opaque bytes in the
 * transport's handshake.
 *
 *   version u8 = 1 | client port u16 | address length u8, address | host name length u8, host name | birth u32 |
 *   replication mode u8
 *
 * An empty address: this node listens on every address and announces none, so the host by which peers
 * reach it stands in. Without a birth it is not known; without a mode it is raft. Bytes behind it are a later version's and are ignored.
 */

import type { ReplicationMode } from "@redoubt/replica";
import { assert } from "../gateway/assert.js";
import { announceTextBytesMax } from "./constants.js";

export interface Announcement {
  readonly port: number;
  /** "" : the host of the peer address. */
  readonly address: string;
  /** "" : none. */
  readonly hostname: string;
  /** Checksum of the log's first entry, the same on all members; 0: not known. */
  readonly birth: number;
  readonly replicationMode: ReplicationMode;
}

const version = 1;
const birthBytes = 4;
/** Position: the byte that says it. Append only. */
const modes: readonly ReplicationMode[] = ["raft", "wait", "async"];
/** Both end up in replies made of lines and words; nothing else is a host. */
const hostText = /^[A-Za-z0-9.:_%-]*$/;

export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const address = Buffer.from(announcement.address, "latin1");
  const hostname = Buffer.from(announcement.hostname, "latin1");
  assert(address.length <= announceTextBytesMax, "the announced address fits its length byte");
  assert(hostname.length <= announceTextBytesMax, "the announced host name fits its length byte");
  const head = Buffer.alloc(4);
  head.writeUInt8(version, 0);
  head.writeUInt16BE(announcement.port, 1);
  head.writeUInt8(address.length, 3);
  const birth = Buffer.alloc(birthBytes);
  birth.writeUInt32BE(announcement.birth, 0);
  const mode = Buffer.of(modes.indexOf(announcement.replicationMode));
  return Buffer.concat([head, address, Buffer.of(hostname.length), hostname, birth, mode]);
}

/** null: not an announcement of a version that is known here. */
export function decodeAnnouncement(bytes: Uint8Array): Announcement | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 5 || buffer.readUInt8(0) !== version) return null;
  const port = buffer.readUInt16BE(1);
  const addressEnd = 4 + buffer.readUInt8(3);
  if (addressEnd >= buffer.length) return null;
  const hostnameEnd = addressEnd + 1 + buffer.readUInt8(addressEnd);
  if (hostnameEnd > buffer.length || port === 0) return null;
  const address = buffer.toString("latin1", 4, addressEnd);
  const hostname = buffer.toString("latin1", addressEnd + 1, hostnameEnd);
  if (!hostText.test(address) || !hostText.test(hostname)) return null;
  const birthEnd = hostnameEnd + birthBytes;
  const birth = buffer.length >= birthEnd ? buffer.readUInt32BE(hostnameEnd) : 0;
  const replicationMode = modes[buffer[birthEnd] ?? 0];
  if (replicationMode === undefined) return null;
  return { port, address, hostname, birth, replicationMode };
}
