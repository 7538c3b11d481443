/** STAND-IN until the builder is here: the same interface, it holds everything. */

import {
  applyBatch,
  Keyspace,
  RdbReader,
  type RdbSink,
  type RdbSource,
  RdbWriter,
  stateDigest,
} from "@redoubt/keyspace";
import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  type Index,
  type IndexedConfiguration,
  type SnapshotDescription,
  type Term,
} from "@redoubt/raft";

export interface SnapshotInput {
  readonly previous: { readonly snapshot: SnapshotDescription; open(): RdbSource } | null;
  entries(): Iterable<Entry>;
  readonly to: Index;
}
export interface SnapshotFacts {
  readonly index: Index;
  readonly term: Term;
  readonly checksum: number;
  readonly configuration: IndexedConfiguration;
  readonly stateDigest: string;
  readonly keys: number;
}
export type BuiltSnapshot = SnapshotFacts;

export function buildSnapshot(input: SnapshotInput, sink: RdbSink): BuiltSnapshot {
  const keyspace = new Keyspace();
  let configuration: IndexedConfiguration | null = null;
  let last: { index: Index; term: Term; checksum: number } | null = null;
  if (input.previous !== null) {
    read(input.previous.open(), keyspace);
    last = input.previous.snapshot;
    configuration = input.previous.snapshot.configuration;
  }
  for (const entry of input.entries()) {
    if (entry.kind === EntryKind.batch) applyBatch(keyspace, entry.payload);
    if (entry.kind === EntryKind.configuration) {
      configuration = { index: entry.index, configuration: decodeConfiguration(entry.payload) };
    }
    last = entry;
  }
  if (last === null || configuration === null) throw new Error("nothing to build");
  const { index, term, checksum } = last;
  const writer = new RdbWriter(sink);
  writer.aux("redoubt-index", String(index));
  writer.aux("redoubt-term", String(term));
  writer.aux("redoubt-checksum", String(checksum));
  writer.aux(
    "redoubt-configuration",
    Buffer.from(encodeConfiguration(configuration.configuration)).toString("base64"),
  );
  writer.aux("redoubt-configuration-index", String(configuration.index));
  writer.aux("redoubt-log-time", String(keyspace.logTimeMs));
  keyspace.forEachKey((key, value, deadlineMs) => writer.key(key, value, deadlineMs));
  const digest = stateDigest(keyspace);
  writer.aux("redoubt-digest", digest);
  writer.finish();
  return { index, term, checksum, configuration, stateDigest: digest, keys: keyspace.size };
}

export function verifySnapshot(source: RdbSource): SnapshotFacts {
  const keyspace = new Keyspace();
  const aux = read(source, keyspace);
  const text = (name: string): string => aux.get(name)!;
  const number = (name: string): number => Number(text(name));
  if (stateDigest(keyspace) !== text("redoubt-digest")) throw new Error("digest");
  return {
    index: number("redoubt-index"),
    term: number("redoubt-term"),
    checksum: number("redoubt-checksum"),
    configuration: {
      index: number("redoubt-configuration-index"),
      configuration: decodeConfiguration(Buffer.from(text("redoubt-configuration"), "base64")),
    },
    stateDigest: text("redoubt-digest"),
    keys: keyspace.size,
  };
}

function read(source: RdbSource, keyspace: Keyspace): Map<string, string> {
  const aux = new Map<string, string>();
  const reader = new RdbReader(source);
  for (;;) {
    const kind = reader.next();
    if (kind === "end") break;
    if (kind === "key") reader.loadInto(keyspace);
    if (kind === "aux") aux.set(reader.auxName, reader.auxValue);
  }
  keyspace.logTimeMs = Number(aux.get("redoubt-log-time"));
  return aux;
}
