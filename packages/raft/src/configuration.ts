/**
 * The configuration's bytes in the log. Deterministic: equal configurations have equal bytes on every
 * node, whatever the order their members were listed in, because the bootstrap entry is made
 * independently on each node and its checksum anchors the chain.
 *
 * version 2 | clusterId | voters | votersOutgoing | learners | timing
 * text = u16 length, ASCII bytes;  list = u16 count, members by ascending id;
 * member = u32 id, u64 incarnation, u8 flags (1 witness, 2 promote), text peerAddress;
 * timing = u8 0, or u8 1, u32 electionTimeoutMs, u32 clockDriftPercentMax.  All big-endian.
 *
 * Version 1 is read for ever: member = u32 id, u32 incarnation, text peerAddress; no timing.
 */
import { entryChecksum } from "./checksum.js";
import {
  configurationMembersMax,
  configurationTextMax,
  electionTimeoutMsMax,
  nodeIdMax,
} from "./constants.js";
import { ConfigurationError } from "./errors.js";
import {
  type Configuration,
  type Entry,
  EntryKind,
  type Member,
  type NodeId,
  type Timing,
} from "./types.js";

const formatVersion = 2;
const firstFormatVersion = 1;
/** Persisted: append-only. */
const witnessFlag = 1;
const promoteFlag = 2;

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
      pushUint64(bytes, member.incarnation);
      bytes.push((member.witness ? witnessFlag : 0) | (member.promote ? promoteFlag : 0));
      pushText(bytes, member.peerAddress);
    }
  }
  const { timing } = configuration;
  bytes.push(timing === undefined ? 0 : 1);
  if (timing !== undefined) {
    pushUint32(bytes, timing.electionTimeoutMs);
    pushUint32(bytes, timing.clockDriftPercentMax);
  }
  return Uint8Array.from(bytes);
}

/** Throws ConfigurationError on anything `encodeConfiguration` would not have written. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const reader = new Reader(bytes);
  const version = reader.uint8();
  if (version !== formatVersion && version !== firstFormatVersion) {
    throw new ConfigurationError("configuration of an unknown format version");
  }
  const members: Configuration = {
    clusterId: reader.text(),
    voters: reader.members(version),
    votersOutgoing: reader.members(version),
    learners: reader.members(version),
  };
  const timing = version === formatVersion ? reader.timing() : null;
  const configuration = timing === null ? members : { ...members, timing };
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

/** The living incarnation of `id`: the highest in any list. Null: no member. */
export function memberOf(configuration: Configuration, id: NodeId): Member | null {
  let living: Member | null = null;
  for (const members of listsOf(configuration)) {
    for (const member of members) {
      if (member.id !== id) continue;
      if (living === null || member.incarnation > living.incarnation) living = member;
    }
  }
  return living;
}

/** Whether it votes, in either half. */
export function isVoterIn(
  { voters, votersOutgoing }: Configuration,
  id: NodeId,
  incarnation: number,
): boolean {
  const isIt = (member: Member) => member.id === id && member.incarnation === incarnation;
  return voters.some(isIt) || votersOutgoing.some(isIt);
}

/** The living incarnation of every id, by id. */
export function allMembers(configuration: Configuration): Member[] {
  const living = new Map<NodeId, Member>();
  for (const members of listsOf(configuration)) {
    for (const member of members) {
      const known = living.get(member.id);
      if (known === undefined || member.incarnation > known.incarnation) {
        living.set(member.id, member);
      }
    }
  }
  return sortedById([...living.values()]);
}

function listsOf({ voters, votersOutgoing, learners }: Configuration) {
  return [voters, votersOutgoing, learners];
}

/** Why this is not a configuration that can be used, or null. */
export function configurationProblem(configuration: Configuration): string | null {
  const { clusterId, voters, votersOutgoing, learners, timing } = configuration;
  if (!isText(clusterId) || clusterId === "") return "cluster id is not 1-300 printable ASCII";
  if (voters.length === 0) return "configuration without a voter";
  for (const members of [voters, votersOutgoing, learners]) {
    if (members.length > configurationMembersMax) return "too many members";
    if (new Set(members.map((member) => member.id)).size !== members.length) {
      return "a member is listed twice";
    }
    for (const member of members) {
      if (!isPositive(member.id, nodeIdMax)) return "member id out of range";
      if (!isPositive(member.incarnation, Number.MAX_SAFE_INTEGER)) {
        return "incarnation out of range";
      }
      if (member.promote && members !== learners) return "only a learner is promoted";
      if (!isText(member.peerAddress)) return "peer address is not printable ASCII";
    }
  }
  if (!voters.some((voter) => voter.witness !== true)) return "configuration without a data voter";
  for (const outgoing of votersOutgoing) {
    const voter = voters.find(({ id }) => id === outgoing.id);
    if (voter !== undefined && voter.incarnation < outgoing.incarnation) {
      return "an older incarnation takes the place of a newer one";
    }
  }
  for (const learner of learners) {
    const { id, incarnation } = learner;
    const older = [...voters, ...votersOutgoing].every(
      (voter) => voter.id !== id || voter.incarnation < incarnation,
    );
    if (!older) return "a learner is also a voter";
  }
  if (timing === undefined) return null;
  const isSane =
    isPositive(timing.electionTimeoutMs, electionTimeoutMsMax) &&
    Number.isSafeInteger(timing.clockDriftPercentMax) &&
    timing.clockDriftPercentMax >= 0 &&
    timing.clockDriftPercentMax < 100;
  return isSane ? null : "timing out of range";
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

function pushUint64(bytes: number[], value: number): void {
  pushUint32(bytes, Math.floor(value / 2 ** 32));
  pushUint32(bytes, value % 2 ** 32);
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

  uint64(): number {
    return this.uint32() * 2 ** 32 + this.uint32();
  }

  members(version: number): Member[] {
    const count = this.uint16();
    if (count > configurationMembersMax) throw new ConfigurationError("too many members");
    const members: Member[] = [];
    for (let at = 0; at < count; at += 1) {
      const member = version === firstFormatVersion ? this.#firstMember() : this.#member();
      const before = members[at - 1];
      if (before !== undefined && before.id >= member.id) {
        throw new ConfigurationError("members are not in ascending order");
      }
      members.push(member);
    }
    return members;
  }

  timing(): Timing | null {
    const present = this.uint8();
    if (present === 0) return null;
    if (present !== 1) throw new ConfigurationError("unknown timing");
    return { electionTimeoutMs: this.uint32(), clockDriftPercentMax: this.uint32() };
  }

  #firstMember(): Member {
    return { id: this.uint32(), incarnation: this.uint32(), peerAddress: this.text() };
  }

  #member(): Member {
    const id = this.uint32();
    const incarnation = this.uint64();
    const flags = this.uint8();
    if (flags > (witnessFlag | promoteFlag)) throw new ConfigurationError("unknown member flags");
    return {
      id,
      incarnation,
      peerAddress: this.text(),
      ...(flags & witnessFlag ? { witness: true } : {}),
      ...(flags & promoteFlag ? { promote: true } : {}),
    };
  }
}
