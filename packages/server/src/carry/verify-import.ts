/**
 * An import read back: DUMP and deadline of each key are asked of the leader and compared with the file's; collections
 * by the digest that Redis's DEBUG DIGEST-VALUE tells, which sees all but the groups of streams. Libraries of functions
 * are compared whole.
 */

import {
  debugDigestValue,
  isStringValue,
  RdbReader,
  stringBytes,
  type Value,
} from "@redoubt/keyspace";
import { assert } from "../gateway/assert.js";
import { clockSlackMs, dumpFooterBytes, verifyBytesMax, windowKeysMax } from "./constants.js";
import { CarryError } from "./errors.js";
import {
  asCarryError,
  hasExpired,
  type ImportPlan,
  type Progress,
  Slices,
  shownKey,
} from "./import-check.js";
import type { ImportOptions } from "./import-options.js";
import { keyBytes } from "./key-requests.js";
import type { Answer, LeaderLink } from "./leader-link.js";
import { verifyLibraries } from "./libraries.js";
import { readerOfRecords, recordOf } from "./memory-source.js";
import { RdbFile } from "./rdb-file.js";

/** High enough for every form of a value that a node writes. */
const rdbVersionOfDumps = 11;

interface Expected {
  readonly key: string;
  readonly deadlineMs: number;
  readonly value: Value;
}

/** Keys compared. Rejects with DIFFERS at the first that is not as in the file. */
export async function verifyImport(
  link: LeaderLink,
  path: string,
  plan: ImportPlan,
  { database, ignoresFunctions }: ImportOptions,
  report: (progress: Progress) => void,
): Promise<number> {
  const file = new RdbFile(path);
  try {
    const reader = new RdbReader(file, database);
    const slices = new Slices();
    let keys = 0;
    let expected: Expected[] = [];
    let startedAt = 0;
    const libraries = new Map<string, string>();
    const compare = async (): Promise<void> => {
      await compareAll(link, expected);
      keys += expected.length;
      expected = [];
      startedAt = reader.bytesRead;
    };
    for (let found = reader.next(); found !== "end"; found = reader.next()) {
      if (found === "function" && !ignoresFunctions) {
        libraries.set(reader.libraryName(), reader.functionCode);
      }
      if (found !== "key" || reader.database !== database) continue;
      if (hasExpired(reader.deadlineMs)) continue;
      expected.push({ key: reader.key, deadlineMs: reader.deadlineMs, value: reader.value() });
      const isFull = reader.bytesRead - startedAt >= verifyBytesMax;
      if (isFull || expected.length === windowKeysMax) await compare();
      if (await slices.yielded()) {
        report({ keys, keysTotal: plan.keys, bytes: reader.bytesRead, bytesTotal: plan.bytes });
      }
    }
    await compare();
    await verifyLibraries(link, libraries);
    return keys;
  } catch (error) {
    throw asCarryError(error, path);
  } finally {
    file.close();
  }
}

async function compareAll(link: LeaderLink, expected: readonly Expected[]): Promise<void> {
  const answers = await Promise.all(
    expected.flatMap(({ key }) => [
      link.ask(["DUMP", keyBytes(key)]),
      link.ask(["PEXPIRETIME", keyBytes(key)]),
    ]),
  );
  const records: Buffer[] = [];
  const present: Expected[] = [];
  for (const [at, each] of expected.entries()) {
    const dump = answers[2 * at] ?? null;
    const difference = differenceOf(each, dump, answers[2 * at + 1] ?? null);
    if (difference !== null) throw differs(each.key, difference);
    if (!(dump instanceof Buffer)) continue;
    records.push(recordOf(keyBytes(each.key), dump.subarray(0, dump.length - dumpFooterBytes)));
    present.push(each);
  }
  const reader = readerOfRecords(rdbVersionOfDumps, records);
  for (const { key, value } of present) {
    assert(reader.next() === "key" && reader.key === key, "dumps are read in their order");
    if (!isSame(value, reader.value())) {
      throw differs(key, "has another value: was it changed meanwhile?");
    }
  }
}

function differenceOf({ deadlineMs }: Expected, dump: Answer, deadline: Answer): string | null {
  if (!(dump instanceof Buffer)) {
    const mayHaveExpired = deadlineMs !== 0 && deadlineMs <= Date.now() + clockSlackMs;
    return mayHaveExpired ? null : "is missing: was it deleted meanwhile?";
  }
  if (deadline === (deadlineMs === 0 ? -1 : deadlineMs)) return null;
  return `expires at ${String(deadline)}, in the source at ${deadlineMs || "no time"}`;
}

/** Deadlines were compared as numbers: the digest would only tell that there is one. */
function isSame(a: Value, b: Value): boolean {
  if (!isStringValue(a) || !isStringValue(b))
    return debugDigestValue(a, 0) === debugDigestValue(b, 0);
  if (typeof a === "string" && typeof b === "string") return a === b;
  return Buffer.compare(stringBytes(a), stringBytes(b)) === 0;
}

function differs(key: string, difference: string): CarryError {
  return new CarryError("DIFFERS", `${shownKey(key)} ${difference}`);
}
