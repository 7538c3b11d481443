/**
 * What a snapshot file says of itself, in AUX fields of its RDB, which stock Redis passes over. All but the digest stand
 * before the first key; the digest is known behind the last one.
 */

import { RdbError, type RdbReader, type RdbWriter, StateSum } from "@redoubt/keyspace";
import {
  ConfigurationError,
  decodeConfiguration,
  encodeConfiguration,
  type Index,
  type IndexedConfiguration,
  type Term,
} from "@redoubt/raft";

/** The Redis whose form the file has. */
const REDIS_VERSION = "7.0.0";

const name = {
  redisVersion: "redis-ver",
  index: "redoubt-index",
  term: "redoubt-term",
  checksum: "redoubt-checksum",
  configuration: "redoubt-configuration",
  configurationIndex: "redoubt-configuration-index",
  logTime: "redoubt-log-time",
  digest: "redoubt-digest",
} as const;

export interface SnapshotHeader {
  /** The entry whose effects are the last in the state, with its chain checksum: the anchor of a trimmed log. */
  readonly index: Index;
  readonly term: Term;
  readonly checksum: number;
  /** In force at `index`. */
  readonly configuration: IndexedConfiguration;
  /** Milliseconds since the epoch; 0: there was no batch yet. */
  readonly logTimeMs: number;
}

export function writeHeader(writer: RdbWriter, header: SnapshotHeader): void {
  const { index, term, checksum, configuration, logTimeMs } = header;
  const bytes = encodeConfiguration(configuration.configuration);
  writer.aux(name.redisVersion, REDIS_VERSION);
  writer.aux(name.index, String(index));
  writer.aux(name.term, String(term));
  writer.aux(name.checksum, String(checksum));
  writer.aux(name.configuration, Buffer.from(bytes).toString("base64"));
  writer.aux(name.configurationIndex, String(configuration.index));
  writer.aux(name.logTime, String(logTimeMs));
}

export function writeSum(writer: RdbWriter, sum: StateSum): void {
  writer.aux(name.digest, sum.toText());
}

/** Fields of one file as they come. A field that is missing or wrong is damage. */
export class SnapshotFields {
  readonly #fields = new Map<string, string>();
  readonly #reader: RdbReader;

  constructor(reader: RdbReader) {
    this.#reader = reader;
  }

  /** What the reader has just read. */
  add(): void {
    const { auxName, auxValue } = this.#reader;
    if (this.#fields.has(auxName)) this.#damaged(`field ${auxName} is there twice`);
    this.#fields.set(auxName, auxValue);
  }

  header(): SnapshotHeader {
    return {
      index: this.#integer(name.index),
      term: this.#integer(name.term),
      checksum: this.#integer(name.checksum),
      configuration: {
        index: this.#integer(name.configurationIndex),
        configuration: this.#configuration(),
      },
      logTimeMs: this.#integer(name.logTime),
    };
  }

  sum(): StateSum {
    return StateSum.fromText(this.#text(name.digest)) ?? this.#wrong(name.digest);
  }

  #configuration() {
    const bytes = Buffer.from(this.#text(name.configuration), "base64");
    try {
      return decodeConfiguration(bytes);
    } catch (error) {
      if (error instanceof ConfigurationError) return this.#wrong(name.configuration);
      throw error;
    }
  }

  #integer(field: string): number {
    const text = this.#text(field);
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0 || String(value) !== text) this.#wrong(field);
    return value;
  }

  #text(field: string): string {
    return this.#fields.get(field) ?? this.#damaged(`field ${field} is not there`);
  }

  #wrong(field: string): never {
    return this.#damaged(`field ${field} is no such field`);
  }

  #damaged(what: string): never {
    throw new RdbError("RDB_DAMAGED", what, this.#reader.bytesRead);
  }
}
