/**
 * Reads any RDB up to version 12, one record at a time. Whatever bytes come, it throws RdbError and nothing else, and
 * claims no more memory than the file has bytes and packed texts make.
 *
 *   next() "key"  the record up to the value was read; then one of
 *     record, copyTo   its bytes; the value is passed over
 *     restored         the value, checked in depth
 *     loadInto         the value, into a keyspace
 *     next             the value is passed over
 *   next() "function"  a library of functions was read: functionCode, libraryName, loadLibraryInto
 *
 * Differs from Redis: packed elements are always checked in depth (sanitize-dump-payload yes).
 */

import type { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import { RDB_MADE_BYTES_MIN, RDB_MADE_FACTOR_MAX, STRING_BYTES_MAX } from "../constants.js";
import { type Keyspace, STORE } from "../keyspace.js";
import { LIBRARY_LINE_TOO_LONG, libraryName } from "../library-name.js";
import type { Value } from "../value.js";
import { ACTIVE_TIMES_FIELD, withActiveTimes } from "./active-times.js";
import { buildValue } from "./build-value.js";
import { loadValue } from "./load-value.js";
import { moduleName } from "./module-name.js";
import { PayloadReader } from "./payload-reader.js";
import { RdbInput, type RdbSource } from "./rdb-input.js";
import type { RdbWriter } from "./rdb-writer.js";
import { readValue } from "./read-value.js";
import { skipValue } from "./skip-value.js";
import type { Restored } from "./types.js";
import * as types from "./types.js";

const { opcode, rdbType } = types;

/** Characters of a key that an error shows. */
const SHOWN_KEY_LENGTH = 64;

export type RdbPart = "aux" | "key" | "function" | "end";

export class RdbReader {
  readonly version: number;
  /** Of "aux". */
  auxName = "";
  auxValue = "";
  /** Of "key". Only those of the database that was chosen can be kept. */
  database = 0;
  key = "";
  /** Milliseconds since the epoch; 0: none. */
  deadlineMs = 0;
  /** Of "function": a library's source, with its first line. */
  functionCode = "";
  readonly #input: RdbInput;
  readonly #chosen: number;
  readonly #isProved: boolean;
  #type = 0;
  #activeTimes: string | null = null;
  /** The value of the key was not read. */
  #hasValue = false;
  #isChecked = false;

  /**
   * `database`: whose keys are kept; values of others are passed over, never decoded. `isProved`: the source itself
   * throws at its end when a byte of it has changed, and the file's CRC64 is not computed again.
   */
  constructor(source: RdbSource, database = 0, isProved = false) {
    this.#chosen = database;
    this.#isProved = isProved;
    this.#input = new RdbInput(source, !isProved);
    this.version = readVersion(this.#input);
  }

  get bytesRead(): number {
    return this.#input.offset;
  }

  /** At the "end": the file had a checksum, and it was right. */
  get isChecked(): boolean {
    return this.#isChecked;
  }

  /** Nothing follows the "end". */
  get isAtEnd(): boolean {
    return this.#input.isAtEnd();
  }

  /** The next thing in the file. "end": its CRC64, if it was looked at, was right (0 in the file: unchecked, as in Redis). */
  next(): RdbPart {
    const input = this.#input;
    if (this.#hasValue) this.#skip();
    this.#activeTimes = null;
    this.deadlineMs = 0;
    input.pin();
    for (let isRecord = false; ; ) {
      const code = input.byte();
      if (code < opcode.slotInfo) {
        this.#readKey(code);
        return "key";
      }
      if (isRecord && !this.#readBeforeKey(code))
        input.damaged("what belongs to a key, without a key");
      if (isRecord) continue;
      switch (code) {
        case opcode.aux:
          this.auxName = input.text();
          this.auxValue = input.text();
          if (this.auxName !== ACTIVE_TIMES_FIELD) return this.#part("aux");
          this.#activeTimes = this.auxValue;
          isRecord = true;
          break;
        case opcode.function:
          this.functionCode = input.text();
          return this.#part("function");
        case opcode.end:
          return this.#end();
        case opcode.selectDatabase:
          this.database = input.length();
          input.pin();
          break;
        default:
          isRecord = this.#readBeforeKey(code);
          if (!isRecord) this.#readOther(code);
      }
    }
  }

  /**
   * Bytes of the whole record with its deadline, for RdbWriter.raw: a view, valid until next(). The value is not
   * decoded.
   */
  record(): Buffer {
    this.#beginValue();
    skipValue(this.#input, this.#type);
    return this.#input.sincePin();
  }

  /** The record, as it is and however long, into a file that is written of a file that was written here. */
  copyTo(writer: RdbWriter): void {
    this.#beginValue();
    const input = this.#input;
    input.beginCopy(writer);
    skipValue(input, this.#type);
    input.endCopy();
  }

  /** Decoded, checked in depth. Large values are views, valid until next(). */
  restored(): Restored {
    this.#beginValue();
    return this.#decode(true);
  }

  /** The value, checked in depth. */
  value(): Value {
    this.#beginValue();
    this.#input.unpin();
    const plain = loadValue(this.#input, this.#type);
    if (plain !== undefined && this.#activeTimes !== null) this.#misplacedTimes();
    const value = plain === undefined ? buildValue(this.#decode(false)) : plain;
    return value ?? this.#input.damaged(`the value of ${this.#name()}`);
  }

  /** Puts the record into a keyspace that does not serve: directly, without effects. The key is not there. */
  loadInto(keyspace: Keyspace): void {
    const isNew = keyspace[STORE].load(this.key, this.value(), this.deadlineMs);
    if (!isNew) this.#input.damaged(`${this.#name()} is there twice`);
  }

  /** Of "function": what the library's first line says it is called. */
  libraryName(): string {
    const { name, fault } = libraryName(this.functionCode);
    if (name !== null) return name;
    const what = `a library of functions: ${fault}`;
    if (fault === LIBRARY_LINE_TOO_LONG) this.#input.unsupported(what);
    this.#input.damaged(what);
  }

  /** Puts the library of "function" into a keyspace that does not serve. It is not there. */
  loadLibraryInto(keyspace: Keyspace): void {
    const old = keyspace[STORE].libraries.put(this.libraryName(), this.functionCode);
    if (old !== undefined) this.#input.damaged("a library of functions is there twice");
  }

  #part(part: RdbPart): RdbPart {
    this.#input.unpin();
    return part;
  }

  #end(): RdbPart {
    const input = this.#input;
    input.unpin();
    if (this.version < types.RDB_VERSION_CHECKSUM) return "end";
    if (this.#isProved) {
      input.skip(types.CHECKSUM_BYTES);
    } else {
      const { low, high } = input.checksum();
      const savedLow = input.uint32();
      const savedHigh = input.uint32();
      this.#isChecked = savedLow !== 0 || savedHigh !== 0;
      if (this.#isChecked && (savedLow !== low || savedHigh !== high)) {
        input.damaged("its checksum is another one");
      }
    }
    return "end";
  }

  /** What belongs to the key that follows. False: it is something else. */
  #readBeforeKey(code: number): boolean {
    const input = this.#input;
    switch (code) {
      case opcode.deadlineMs: {
        const ms = Number(input.int64());
        if (!Number.isSafeInteger(ms)) input.unsupported(`a deadline of ${ms} ms`);
        this.#setDeadline(ms);
        return true;
      }
      case opcode.deadlineSeconds:
        this.#setDeadline(input.int32() * 1000);
        return true;
      case opcode.idle:
        input.length();
        return true;
      case opcode.frequency:
        input.byte();
        return true;
    }
    return false;
  }

  /** Redis writes -1 for none; other times before the epoch have passed as the first of its milliseconds has. */
  #setDeadline(ms: number): void {
    this.deadlineMs = ms === -1 || ms === -1000 ? 0 : Math.max(ms, 1);
  }

  #readOther(code: number): void {
    const input = this.#input;
    if (code === opcode.functionPreRelease) {
      input.unsupported("functions in the form of a release candidate of Redis 7.0");
    }
    if (code === opcode.moduleAux) {
      input.unsupported(`data of module type ${moduleName(readModuleId(input))}`);
    }
    assert(code === opcode.resize || code === opcode.slotInfo, "all opcodes are known");
    for (let rest = code === opcode.resize ? 2 : 3; rest > 0; rest--) input.length();
    input.pin();
  }

  #readKey(type: number): void {
    const input = this.#input;
    this.#type = type;
    this.key = input.text();
    if (type > rdbType.sortedSet2 && type < rdbType.hashZipmap) {
      if (type === rdbType.modulePreRelease) {
        input.unsupported(`a module's type of before Redis 4.0, of ${this.#name()}`);
      }
      if (type === rdbType.module2) {
        input.unsupported(`module type ${moduleName(readModuleId(input))} of ${this.#name()}`);
      }
      input.damaged(`type ${type} of ${this.#name()} is not known`);
    }
    if (type > rdbType.streamListpacks3) {
      if (type <= rdbType.hashListpackFieldExpiry) {
        input.unsupported(`hash field expiry of ${this.#name()}`);
      }
      input.damaged(`type ${type} of ${this.#name()} is not known`);
    }
    this.#hasValue = true;
  }

  #skip(): void {
    this.#hasValue = false;
    this.#input.unpin();
    skipValue(this.#input, this.#type);
  }

  #beginValue(): void {
    assert(this.#hasValue, "a value is read once");
    this.#hasValue = false;
    if (this.database !== this.#chosen) {
      this.#input.unsupported(`${this.#name()} of database ${this.database}`);
    }
  }

  #decode(checksNames: boolean): Restored {
    const input = this.#input;
    input.pin();
    skipValue(input, this.#type);
    const bytes = input.sincePin();
    const payload = new PayloadReader(bytes, bytes.length, {
      madeBytesMax: RDB_MADE_BYTES_MIN + bytes.length * RDB_MADE_FACTOR_MAX,
      textBytesMax: STRING_BYTES_MAX,
    });
    payload.checksNames = checksNames;
    const restored = readValue(payload, this.#type);
    if (payload.failure === "tooLarge") input.unsupported(`${this.#name()} is too large`);
    if (restored === undefined || payload.left > 0) {
      return input.damaged(`the value of ${this.#name()}`);
    }
    if (this.#activeTimes === null) return restored;
    if (restored.type !== "stream") return this.#misplacedTimes();
    return withActiveTimes(restored, this.#activeTimes) ?? this.#misplacedTimes();
  }

  #misplacedTimes(): never {
    return this.#input.damaged(`times of consumers that ${this.#name()} does not have`);
  }

  #name(): string {
    const { key } = this;
    const shown = JSON.stringify(key.slice(0, SHOWN_KEY_LENGTH));
    return `key ${shown}${key.length > SHOWN_KEY_LENGTH ? "..." : ""}`;
  }
}

function readVersion(input: RdbInput): number {
  const header = input.raw(types.MAGIC.length + types.VERSION_DIGITS).toString("latin1");
  if (!/^REDIS\d{4}$/.test(header)) input.damaged("it does not begin as an RDB");
  const version = Number(header.slice(types.MAGIC.length));
  if (version < 1 || version > types.RDB_FILE_VERSION_MAX) {
    input.unsupported(`RDB version ${version}`);
  }
  return version;
}

/** A length of 64 bits: its bits are needed, also those beyond 2^53. */
function readModuleId(input: RdbInput): bigint {
  const first = input.byte();
  if (first !== types.LENGTH_64) input.damaged("a module's type without a name");
  return input.raw(8).readBigUInt64BE(0);
}
