/**
 * A value of any form that Redis 7.0 and 7.2 write, read whole before anything is changed. Refused as in Redis:
 * modules, empty collections, elements twice, scores that are no numbers.
 *
 * Differs from Redis: packed elements are always checked in depth (sanitize-dump-payload yes), a reader does
 * not stray into the payload's footer, and a value that unpacks to far more than the payload is refused.
 */

import { parseDouble } from "../double.js";
import { latin1 } from "../latin1.js";
import { DistinctTexts } from "./distinct-texts.js";
import { readListpack } from "./listpack.js";
import type { PayloadReader } from "./payload-reader.js";
import { readStream } from "./read-stream.js";
import type { Restored, RestoredText } from "./types.js";
import * as types from "./types.js";
import { readIntset, readZiplist, readZipmap } from "./ziplist.js";

const { rdbType } = types;

type PackedReader = (bytes: Buffer) => string[] | null;

/** Undefined: `reader.failure` says why. */
export function readValue(reader: PayloadReader, type: number): Restored | undefined {
  const restored = readTyped(reader, type);
  return reader.ok ? restored : undefined;
}

function readTyped(reader: PayloadReader, type: number): Restored | undefined {
  switch (type) {
    case rdbType.string:
      return { type: "string", value: reader.value() };
    case rdbType.list:
      return listOf(reader, readTexts(reader));
    case rdbType.listZiplist:
      return listOf(reader, packed(reader, readZiplist));
    case rdbType.listQuicklist:
      return listOf(reader, readNodes(reader, false));
    case rdbType.listQuicklist2:
      return listOf(reader, readNodes(reader, true));
    case rdbType.set:
      return setOf(reader, readMembers(reader));
    case rdbType.setIntset:
      return setOf(reader, packed(reader, readIntset));
    case rdbType.setListpack:
      return setOf(reader, packed(reader, readListpack));
    case rdbType.hash:
      return readHash(reader);
    case rdbType.hashZipmap:
      return packedHash(reader, readZipmap);
    case rdbType.hashZiplist:
      return packedHash(reader, readZiplist);
    case rdbType.hashListpack:
      return packedHash(reader, readListpack);
    case rdbType.sortedSet:
      return readSortedSet(reader, () => textScore(reader));
    case rdbType.sortedSet2:
      return readSortedSet(reader, () => reader.double());
    case rdbType.sortedSetZiplist:
      return packedSortedSet(reader, readZiplist);
    case rdbType.sortedSetListpack:
      return packedSortedSet(reader, readListpack);
    case rdbType.streamListpacks:
      return readStream(reader, 1);
    case rdbType.streamListpacks2:
      return readStream(reader, 2);
    case rdbType.streamListpacks3:
      return readStream(reader, 3);
  }
  reader.fail();
  return undefined;
}

function packed(reader: PayloadReader, read: PackedReader): string[] {
  const elements = read(reader.string());
  if (elements === null) reader.fail();
  return elements ?? [];
}

function readTexts(reader: PayloadReader): RestoredText[] {
  const elements: RestoredText[] = [];
  const count = reader.count(1);
  for (let i = 0; i < count && reader.ok; i++) elements.push(reader.value());
  return elements;
}

function readMembers(reader: PayloadReader): string[] {
  const members: string[] = [];
  const count = reader.count(1);
  for (let i = 0; i < count && reader.ok; i++) members.push(reader.text());
  return members;
}

/** Nodes of a quicklist: packed elements, or since 7.0 a single large one. */
function readNodes(reader: PayloadReader, hasContainers: boolean): RestoredText[] {
  const elements: RestoredText[] = [];
  const count = reader.count(1);
  for (let i = 0; i < count && reader.ok; i++) {
    const container = hasContainers ? reader.length() : types.NODE_PACKED;
    if (container === types.NODE_PLAIN) {
      elements.push(reader.value());
    } else if (container === types.NODE_PACKED) {
      for (const text of packed(reader, hasContainers ? readListpack : readZiplist)) {
        elements.push(text);
      }
    } else {
      reader.fail();
    }
  }
  return elements;
}

function listOf(reader: PayloadReader, elements: RestoredText[]): Restored {
  if (elements.length === 0) reader.fail();
  return { type: "list", elements };
}

function setOf(reader: PayloadReader, members: string[]): Restored {
  checkNames(reader, members);
  return { type: "set", members };
}

function readHash(reader: PayloadReader): Restored {
  const fields: string[] = [];
  const values: RestoredText[] = [];
  const count = reader.count(2);
  for (let i = 0; i < count && reader.ok; i++) {
    fields.push(reader.text());
    values.push(reader.value());
  }
  checkNames(reader, fields);
  return { type: "hash", fields, values };
}

function packedHash(reader: PayloadReader, read: PackedReader): Restored {
  const [fields, values] = unzipped(reader, packed(reader, read));
  checkNames(reader, fields);
  return { type: "hash", fields, values };
}

function readSortedSet(reader: PayloadReader, readScore: () => number): Restored {
  const members: string[] = [];
  const scores: number[] = [];
  const count = reader.count(2);
  for (let i = 0; i < count && reader.ok; i++) {
    members.push(reader.text());
    scores.push(readScore());
  }
  return sortedSetOf(reader, members, scores);
}

function packedSortedSet(reader: PayloadReader, read: PackedReader): Restored {
  const [members, texts] = unzipped(reader, packed(reader, read));
  return sortedSetOf(reader, members, texts.map(parseDouble));
}

function sortedSetOf(reader: PayloadReader, members: string[], scores: number[]): Restored {
  checkNames(reader, members);
  if (scores.some(Number.isNaN)) reader.fail();
  return { type: "sortedSet", members, scores };
}

/** A score as its text, before Redis 3.2. */
function textScore(reader: PayloadReader): number {
  const length = reader.byte();
  if (length === types.SCORE_NAN) return Number.NaN;
  if (length === types.SCORE_INFINITE) return Number.POSITIVE_INFINITY;
  if (length === types.SCORE_NEGATIVE_INFINITE) return Number.NEGATIVE_INFINITY;
  return parseDouble(latin1(reader.raw(length)));
}

function unzipped(reader: PayloadReader, elements: readonly string[]): [string[], string[]] {
  if (elements.length % 2 !== 0) reader.fail();
  const firsts: string[] = [];
  const seconds: string[] = [];
  for (let i = 0; i + 1 < elements.length; i += 2) {
    firsts.push(elements[i]!);
    seconds.push(elements[i + 1]!);
  }
  return [firsts, seconds];
}

/** At least one, and none twice, unless whoever asks finds that out. */
function checkNames(reader: PayloadReader, names: readonly string[]): void {
  if (names.length === 0) reader.fail();
  if (!reader.ok || !reader.checksNames) return;
  const seen = new DistinctTexts();
  for (const name of names) {
    if (!seen.add(name)) {
      reader.fail();
      return;
    }
  }
}
