/** Libraries of functions on their way into a cluster: which are there, how one is sent, whether all came. */

import { dumpLibraries, type LibraryLimits, readLibraries } from "@redoubt/keyspace";
import { encodeRequest } from "@redoubt/resp";
import { assert } from "../gateway/assert.js";
import { librariesMax, libraryBytesMax, shownKeysMax } from "./constants.js";
import { CarryError } from "./errors.js";
import type { LeaderLink } from "./leader-link.js";

const limits: LibraryLimits = {
  madeBytesMax: libraryBytesMax,
  textBytesMax: libraryBytesMax,
  librariesMax,
};

/** Sources by name, as the leader has them. Rejects with NOT_UNDERSTOOD, and as `LeaderLink.ask`. */
export async function librariesThere(link: LeaderLink): Promise<ReadonlyMap<string, string>> {
  const payload = await link.ask(["FUNCTION", "DUMP"]);
  if (payload instanceof Buffer) {
    const { libraries } = readLibraries(payload, limits);
    if (libraries !== null) return libraries;
  }
  throw new CarryError(
    "NOT_UNDERSTOOD",
    "FUNCTION DUMP is answered by nothing that holds libraries",
  );
}

/** Rejects with REFUSED when one of `names` is there already. */
export async function demandNoLibraries(link: LeaderLink, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const there = await librariesThere(link);
  const both = names.filter((name) => there.has(name)).slice(0, shownKeysMax);
  if (both.length === 0) return;
  throw new CarryError(
    "REFUSED",
    `the cluster holds function libraries of the file already, as ${both.join(", ")}: ` +
      "--into-existing --replace overwrites them",
  );
}

/** Twice the same is the same, when it replaces. */
export function libraryRequest(code: string, replaces: boolean): Buffer {
  const payload = dumpLibraries([code], libraryBytesMax * 2);
  assert(payload !== null, "a library was checked before it is sent");
  return encodeRequest(["FUNCTION", "RESTORE", payload, replaces ? "REPLACE" : "APPEND"]);
}

/** Rejects with DIFFERS at the first of `expected` that is not as in the file. */
export async function verifyLibraries(
  link: LeaderLink,
  expected: ReadonlyMap<string, string>,
): Promise<void> {
  if (expected.size === 0) return;
  const there = await librariesThere(link);
  for (const [name, code] of expected) {
    if (there.get(name) === code) continue;
    throw new CarryError("DIFFERS", `function library ${name} is not as in the source`);
  }
}
