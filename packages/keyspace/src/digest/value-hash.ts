/**
 * Hashes of values: everything they hold, nothing of the form it is held in. Two words of 32 bits, fast and no
 * defence against someone who makes collisions.
 */

import type { Blob } from "../blob.js";
import { BLOB_BYTES_MIN } from "../constants.js";
import { type Collection, isStringValue, type StringValue, type Value } from "../value.js";
import type { ConsumerGroup } from "../values/consumer-group.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import type { Stream } from "../values/stream.js";
import { STREAM_ID_MIN } from "../values/stream-id.js";

const TWO_32 = 2 ** 32;
const VALUE_SEED = 0x9e3779b9;
const LARGE_SEED = 0x3c6ef372;
const ELEMENT_SEED = 0x1f83d9ab;

const doubleWords = new DataView(new ArrayBuffer(8));

/** Of large values: a Blob never changes. Its two words, and it does not live longer for being here. */
const blobHashes = new WeakMap<Blob, readonly [number, number]>();

/** 32 bits over a value, whatever form it is held in: for comparisons that are made all the time. */
export function valueMark(value: Value): number {
  const hasher = new Hasher();
  hasher.start(VALUE_SEED);
  if (isStringValue(value)) hasher.part(value);
  else hashCollection(value, hasher);
  hasher.pair(0, 0);
  return hasher.a;
}

/** Everything but the form it is held in. */
export function hashCollection(value: Collection, into: Hasher): void {
  const { bytesWholeMax } = into;
  if (value instanceof List) {
    into.pair(1, value.length);
    value.forEachFrom(0, 1, (element) => {
      into.part(element);
      return true;
    });
  } else if (value instanceof Hash) {
    const sum = new UnorderedSum(bytesWholeMax);
    value.forEach((field, content) => {
      const hasher = sum.begin();
      hasher.part(field);
      hasher.part(content);
      sum.end();
    });
    into.pair(2, value.size);
    into.pair(sum.a, sum.b);
  } else if (value instanceof MemberSet) {
    const sum = new UnorderedSum(bytesWholeMax);
    value.forEach((member) => {
      sum.begin().part(member);
      sum.end();
    });
    into.pair(3, value.size);
    into.pair(sum.a, sum.b);
  } else if (value instanceof SortedSet) {
    into.pair(4, value.size);
    value.forEach((member, score) => {
      into.part(member);
      into.double(score);
    });
  } else {
    hashStream(value, into);
  }
}

function hashStream(stream: Stream, into: Hasher): void {
  into.pair(5, stream.length);
  into.part(stream.lastId);
  into.part(stream.maxDeletedId);
  into.integer(stream.entriesAdded);
  stream.forEachUp(STREAM_ID_MIN, (id, fields) => {
    into.part(id);
    into.pair(fields.length, 0);
    for (const text of fields) into.part(text);
    return true;
  });
  into.pair(6, stream.groupCount);
  stream.forEachGroup((group) => hashGroup(group, into));
}

export function hashGroup(group: ConsumerGroup, into: Hasher): void {
  into.part(group.name);
  into.part(group.lastDeliveredId);
  into.integer(group.entriesRead);
  into.pair(group.consumerCount, group.pendingCount);
  group.forEachConsumer((consumer) => {
    into.part(consumer.name);
    into.integer(consumer.seenMs);
    into.integer(consumer.activeMs);
  });
  group.forEachPending(STREAM_ID_MIN, (id, { consumer, deliveryMs, deliveryCount }) => {
    into.part(id);
    into.part(consumer.name);
    into.integer(deliveryMs);
    into.integer(deliveryCount);
    return true;
  });
}

/** Two 32-bit lanes; the second is fed by the first, so together they behave as one state of 64 bits. */
export class Hasher {
  a = 0;
  b = 0;
  /** A part that is longer takes part with its two ends. */
  bytesWholeMax = Number.POSITIVE_INFINITY;

  start(seed: number): void {
    this.a = seed;
    this.b = ~seed;
  }

  /** A text or value among others: with its length, so that no two sequences of them look alike. */
  part(value: StringValue): void {
    if (value.length > this.bytesWholeMax) {
      const end = this.bytesWholeMax >> 1;
      this.window(value, 0, end);
      this.window(value, value.length - end, end);
    } else {
      this.value(value);
    }
    this.pair(value.length, 0);
  }

  double(value: number): void {
    doubleWords.setFloat64(0, value);
    this.pair(doubleWords.getInt32(0), doubleWords.getInt32(4));
  }

  value(value: StringValue): void {
    if (value.length < BLOB_BYTES_MIN) {
      this.content(value);
    } else {
      const [a, b] = typeof value === "string" ? largeHash(value) : blobHash(value);
      this.pair(a, b);
    }
  }

  /** Does not depend on the form the value is held in. */
  content(value: StringValue): void {
    if (typeof value === "string") {
      this.text(value);
    } else {
      this.bytes(value.bytes());
    }
  }

  /** Some bytes of a value; takes time by those alone. */
  window(value: StringValue, start: number, bytes: number): void {
    if (typeof value === "string") this.text(value.slice(start, start + bytes));
    else this.bytes(value.slice(start, start + bytes));
  }

  text(text: string): void {
    let { a, b } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca77);
    }
    this.a = a;
    this.b = b;
  }

  /** The same steps as `text`. */
  bytes(bytes: Uint8Array): void {
    let { a, b } = this;
    for (let i = 0; i < bytes.length; i++) {
      const code = bytes[i]!;
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca77);
    }
    this.a = a;
    this.b = b;
  }

  /** A whole number up to 2^53. */
  integer(value: number): void {
    this.pair(value | 0, Math.floor(value / TWO_32) | 0);
  }

  /** Two words of 32 bits. Mixes both lanes downward as well, which the steps above do not. */
  pair(first: number, second: number): void {
    let a = Math.imul(this.a ^ first, 0x9e3779b1);
    let b = Math.imul(this.b ^ second ^ (a >>> 15), 0x85ebca77);
    a = Math.imul(a ^ (b >>> 16), 0x2c1b3c6d);
    b = Math.imul(b ^ (a >>> 13), 0x297a2d39);
    a = Math.imul(a ^ (b >>> 15), 0x9e3779b1);
    this.a = a ^ (a >>> 16);
    this.b = b ^ (a >>> 14) ^ (b >>> 16);
  }
}

/** Elements whose order means nothing: each is hashed alone, and the hashes are added. */
class UnorderedSum {
  a = 0;
  b = 0;
  private readonly hasher = new Hasher();

  constructor(bytesWholeMax: number) {
    this.hasher.bytesWholeMax = bytesWholeMax;
  }

  begin(): Hasher {
    this.hasher.start(ELEMENT_SEED);
    return this.hasher;
  }

  end(): void {
    this.a = (this.a + this.hasher.a) | 0;
    this.b = (this.b + this.hasher.b) | 0;
  }
}

function blobHash(blob: Blob): readonly [number, number] {
  let hash = blobHashes.get(blob);
  if (hash === undefined) {
    hash = largeHash(blob);
    blobHashes.set(blob, hash);
  }
  return hash;
}

function largeHash(value: StringValue): readonly [number, number] {
  const hasher = new Hasher();
  hasher.start(LARGE_SEED);
  hasher.content(value);
  return [hasher.a, hasher.b];
}
