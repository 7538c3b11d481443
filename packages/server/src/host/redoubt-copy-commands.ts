/**
 * REDOUBT SNAPSHOT and REDOUBT LOG: a node's durable, committed data in pieces, for `redoubt export` and `redoubt
 * backup`. Any node answers, witnesses too, whoever leads: nothing is told but adopted snapshots, and entries
 * that are committed and durable here, which no fail-over takes back.
 */

import { errors, wrongArity } from "@redoubt/commands";
import { encodeConfiguration, type SnapshotDescription } from "@redoubt/raft";
import { copyBytesMax, shownWordLengthMax } from "./constants.js";
import { type HostHandler, integerOf, word } from "./services.js";

/**
 * REDOUBT SNAPSHOT: what the newest one is; null: there is none.
 * REDOUBT SNAPSHOT READ index digest offset bytes: so many of its bytes at most, at least one.
 */
export const redoubtSnapshot: HostHandler = (services, session, argv) => {
  const { reply } = session;
  const newest = services.snapshots.newest();
  if (argv.length === 2) {
    if (newest === null) return reply.null();
    const { index, configuration } = newest.configuration;
    reply.map(7);
    for (const [name, value] of [
      ["index", newest.index],
      ["term", newest.term],
      ["checksum", newest.checksum],
      ["bytes", newest.bytes],
      ["digest", newest.digest],
      ["configuration-index", index],
    ] as const) {
      reply.bulk(name);
      reply.integer(value);
    }
    reply.bulk("configuration");
    reply.bulk(encodeConfiguration(configuration));
    return;
  }
  if (word(argv[2]) !== "READ") return reply.error(unknown(argv[2]));
  if (argv.length !== 7) return reply.error(wrongArity("redoubt|snapshot"));
  const numbers = numbersOf(argv.slice(3));
  if (numbers === null) return reply.error(errors.notInteger);
  const [index, digest, offset, bytes] = numbers as [number, number, number, number];
  const snapshot = services.snapshots.find(index, digest);
  const chunk = snapshot === null ? null : read(services, snapshot, offset, bytes);
  if (chunk === null) reply.error(`REFUSED GONE snapshot ${index} is not kept here any more`);
  else reply.bulk(chunk);
};

function read(
  { snapshots, nowMs }: Parameters<HostHandler>[0],
  snapshot: SnapshotDescription,
  offset: number,
  bytes: number,
): Uint8Array | null {
  if (offset >= snapshot.bytes || bytes === 0) return new Uint8Array(0);
  return snapshots.read(snapshot, offset, Math.min(bytes, copyBytesMax), nowMs());
}

/**
 * REDOUBT LOG READ first last bytes: entries first..last as far as they are committed and their payloads stay below
 * `bytes`, at least one; each [index, term, kind, checksum, payload].
 */
export const redoubtLog: HostHandler = (services, session, argv) => {
  const { reply } = session;
  if (word(argv[2]) !== "READ") return reply.error(unknown(argv[2]));
  if (argv.length !== 6) return reply.error(wrongArity("redoubt|log"));
  const numbers = numbersOf(argv.slice(3));
  if (numbers === null) return reply.error(errors.notInteger);
  const [first, wanted, bytes] = numbers as [number, number, number];
  services.snapshots.goOn(first, services.nowMs());
  const status = services.replica().status();
  const { firstIndex } = status;
  if (first < firstIndex) {
    return reply.error(`REFUSED GONE entry ${first} was trimmed, the log begins at ${firstIndex}`);
  }
  const last = Math.min(wanted, status.commit, status.flushed);
  if (first > last) return reply.array(0);
  const entries = services.log.readEntries(first, last, Math.min(bytes, copyBytesMax));
  reply.array(entries.length);
  for (const entry of entries) {
    reply.array(5);
    reply.integer(entry.index);
    reply.integer(entry.term);
    reply.integer(entry.kind);
    reply.integer(entry.checksum);
    reply.bulk(entry.payload);
  }
};

function numbersOf(argv: readonly Buffer[]): number[] | null {
  const numbers: number[] = [];
  for (const argument of argv) {
    const number = integerOf(argument);
    if (number === null || number < 0 || !Number.isSafeInteger(number)) return null;
    numbers.push(number);
  }
  return numbers;
}

function unknown(name: Buffer | undefined): string {
  return `ERR unknown subcommand '${word(name).slice(0, shownWordLengthMax)}'. Try REDOUBT HELP.`;
}
