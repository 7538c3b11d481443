/**
 * The configuration's bytes in the log. Deterministic: equal configurations have equal bytes on every
 * node, whatever the order their members were listed in, because the bootstrap entry is made
 * independently on each node and its checksum anchors the chain.
 *
 * version 1 | clusterId | voters | votersOutgoing | learners
 * text = u16 length, ASCII bytes;  list = u16 count, members by ascending id;
 * member = u32 id, u32 incarnation, text peerAddress.  All big-endian.
 */
import { entryChecksum } from "./checksum.js";
import { configurationMembersMax, configurationTextMax, nodeIdMax } from "./constants.js";
import { ConfigurationError } from "./errors.js";
import { type Configuration, type Entry, EntryKind, type Member } from "./types.js";

const formatVersion = 1;

/** What a node knows before it has any log: nobody votes. */
export const emptyConfiguration: Configuration = {
  clusterId: "",
  voters: [],
  votersOutgoing: [],
  learners: [],
};

export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const problem = configurationProblem(configuration);
  if (problem !== null) throw new ConfigurationError(problem);
  const bytes: number[] = [formatVersion];
  pushText(bytes, configuration.clusterId);
  for (const members of [
    configuration.voters,
    configuration.votersOutgoing,
    configuration.learners,
  ]) {
    pushUint16(bytes, members.length);
    for (const member of sortedById(members)) {
      pushUint32(bytes, member.id);
      pushUint32(bytes, member.incarnation);
      pushText(bytes, member.peerAddress);
      bytes.push((member.witness ? 1 : 0) | (member.promote ? 2 : 0));
    }
  }
  return Uint8Array.from(bytes);
}

/** Throws ConfigurationError on anything `encodeConfiguration` would not have written. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const reader = new Reader(bytes);
  if (reader.uint8() !== formatVersion) {
    throw new ConfigurationError("configuration of an unknown format version");
  }
  const configuration: Configuration = {
    clusterId: reader.text(),
    voters: reader.members(),
    votersOutgoing: reader.members(),
    learners: reader.members(),
  };
  if (!reader.atEnd()) throw new ConfigurationError("bytes behind the configuration");
  const problem = configurationProblem(configuration);
  if (problem !== null) throw new ConfigurationError(problem);
  return configuration;
}

/**
 * The log a new cluster is born with on every node: one configuration entry at index 1, term 1,
 * identical bytes everywhere. The first election is in term 2.
 */
export function bootstrapEntries(configuration: Configuration): Entry[] {
  const payload = encodeConfiguration(configuration);
  const kind = EntryKind.configuration;
  return [{ index: 1, term: 1, kind, checksum: entryChecksum(1, 1, kind, 0, payload), payload }];
}

/** Why this is not a configuration that can be used, or null. */
export function configurationProblem(configuration: Configuration): string | null {
  const { clusterId, voters, votersOutgoing, learners } = configuration;
  if (!isText(clusterId) || clusterId === "") return "cluster id is not 1-300 printable ASCII";
  if (voters.length === 0) return "configuration without a voter";
  for (const members of [voters, votersOutgoing, learners]) {
    if (members.length > configurationMembersMax) return "too many members";
    if (new Set(members.map((member) => member.id)).size !== members.length) {
      return "a member is listed twice";
    }
    for (const member of members) {
      if (!isPositive(member.id, nodeIdMax)) return "member id out of range";
      if (!isPositive(member.incarnation, nodeIdMax)) return "incarnation out of range";
      if (!isText(member.peerAddress)) return "peer address is not printable ASCII";
    }
  }
  return null;
}

function isPositive(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= max;
}

function isText(text: string): boolean {
  return text.length <= configurationTextMax && /^[\x20-\x7e]*$/.test(text);
}

function sortedById(members: readonly Member[]): Member[] {
  return [...members].sort((a, b) => a.id - b.id);
}

function pushUint16(bytes: number[], value: number): void {
  bytes.push(value >>> 8, value & 0xff);
}

function pushUint32(bytes: number[], value: number): void {
  bytes.push(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function pushText(bytes: number[], text: string): void {
  pushUint16(bytes, text.length);
  for (let at = 0; at < text.length; at += 1) bytes.push(text.charCodeAt(at));
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint8(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new ConfigurationError("configuration ends too early");
    this.#at += 1;
    return byte;
  }

  uint16(): number {
    return this.uint8() * 2 ** 8 + this.uint8();
  }

  uint32(): number {
    return this.uint16() * 2 ** 16 + this.uint16();
  }

  text(): string {
    const length = this.uint16();
    if (length > configurationTextMax) throw new ConfigurationError("text too long");
    let text = "";
    for (let at = 0; at < length; at += 1) text += String.fromCharCode(this.uint8());
    return text;
  }

  members(): Member[] {
    const count = this.uint16();
    if (count > configurationMembersMax) throw new ConfigurationError("too many members");
    const members: Member[] = [];
    for (let at = 0; at < count; at += 1) {
      const member: Member = {
        id: this.uint32(),
        incarnation: this.uint32(),
        peerAddress: this.text(),
      };
      const flags = this.uint8();
      if (flags & 1) (member as any).witness = true;
      if (flags & 2) (member as any).promote = true;
      const before = members[at - 1];
      if (before !== undefined && before.id >= member.id) {
        throw new ConfigurationError("members are not in ascending order");
      }
      members.push(member);
    }
    return members;
  }
}

export function memberOf(c: Configuration, id: number): Member | null {
  let best: Member | null = null;
  for (const list of [c.voters, c.votersOutgoing, c.learners])
    for (const m of list)
      if (m.id === id && (best === null || m.incarnation > best.incarnation)) best = m;
  return best;
}
export function isVoterIn(c: Configuration, id: number, inc: number): boolean {
  const is = (m: Member) => m.id === id && m.incarnation === inc;
  return c.voters.some(is) || c.votersOutgoing.some(is);
}
export function allMembers(c: Configuration): Member[] {
  const ids = new Set([...c.voters, ...c.votersOutgoing, ...c.learners].map((m) => m.id));
  return [...ids].sort((a, b) => a - b).map((id) => memberOf(c, id)!);
}
