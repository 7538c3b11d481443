/**
 * The digest of a state that is known key by key and never as a whole: what was added and not subtracted has the
 * digest that a keyspace which holds it has.
 */

import type { Value } from "../value.js";
import { libraryHash } from "./library-hash.js";
import { hashValue, KeySum } from "./state-digest.js";

/** As `toText` writes it: the sum of hashes, keys, those with a deadline. */
const text = /^([0-9a-f]{16})-(\d{1,16})-(\d{1,16})$/;

export class StateSum {
  private readonly sum: KeySum;
  private values: number;
  private deadlines: number;

  constructor(sum: KeySum = new KeySum(hashValue), values = 0, deadlines = 0) {
    this.sum = sum;
    this.values = values;
    this.deadlines = deadlines;
  }

  /** Null: it is no such text. */
  static fromText(saved: string): StateSum | null {
    const match = text.exec(saved);
    if (match === null) return null;
    const [, sum, values, deadlines] = match;
    return new StateSum(KeySum.fromText(sum!, hashValue), Number(values), Number(deadlines));
  }

  /** Keys added, without those subtracted. */
  get keys(): number {
    return this.values;
  }

  /** `deadlineMs`: milliseconds since the epoch; 0: none. */
  add(key: string, value: Value, deadlineMs: number): void {
    this.values++;
    this.sum.addValue(key, value);
    if (deadlineMs === 0) return;
    this.deadlines++;
    this.sum.addDeadline(key, deadlineMs);
  }

  /** It may be added later. */
  subtract(key: string, value: Value, deadlineMs: number): void {
    this.values--;
    this.sum.subtractValue(key, value);
    if (deadlineMs === 0) return;
    this.deadlines--;
    this.sum.subtractDeadline(key, deadlineMs);
  }

  addLibrary(name: string, code: string): void {
    this.sum.addHashes(libraryHash(name, code), 1);
  }

  /** It may be added later. */
  subtractLibrary(name: string, code: string): void {
    this.sum.addHashes(libraryHash(name, code), -1);
  }

  /** All that the other one was told. */
  addSum(other: StateSum): void {
    this.values += other.values;
    this.deadlines += other.deadlines;
    this.sum.addSum(other.sum);
  }

  /** `stateDigest` of a keyspace that holds this, at that log time: 16 hex digits. */
  digest(logTimeMs: number): string {
    return this.sum.digest(this.values, this.deadlines, logTimeMs);
  }

  /** For a file; nothing may be owed. */
  toText(): string {
    return `${this.sum.toText()}-${this.values}-${this.deadlines}`;
  }
}
