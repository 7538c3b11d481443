/** What may happen to a file of a stopped node. */

import {
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative } from "node:path";
import type { Random } from "../random.js";

export type Damage = "flip" | "truncate" | "delete";

/** Files without which a store is another one; deletion takes one of them first. */
const heads = ["CURRENT", "dump.rdb"];
/** Diaries and locks, which no server reads. */
const ignored = ["LOG", "LOG.old", "LOCK"];

/** Every file below `directory` that says something about its data, sorted. */
export function dataFiles(directory: string): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const name of readdirSync(path)) {
      const below = join(path, name);
      // What a server has set aside, it does not read again.
      if (name.includes(".damaged-") || ignored.includes(name)) continue;
      if (lstatSync(below).isDirectory()) visit(below);
      else found.push(relative(directory, below));
    }
  };
  visit(directory);
  return found.sort();
}

/**
 * One file of `directory`, each as probable whatever its size. What was done, in words; null: there is no file to
 * which that could be done.
 */
export function inflict(directory: string, damage: Damage, random: Random): string | null {
  const files = dataFiles(directory);
  if (damage === "delete") {
    const file = files.find((each) => heads.includes(basename(each))) ?? pickFrom(files, random);
    if (file === null) return null;
    rmSync(join(directory, file));
    return `${file} deleted`;
  }
  const file = pickFrom(
    files.filter((each) => statSync(join(directory, each)).size > 0),
    random,
  );
  if (file === null) return null;
  const path = join(directory, file);
  if (damage === "truncate") {
    const rest = random.below(usedBytes(readFileSync(path)));
    const { size } = statSync(path);
    truncateSync(path, rest);
    return `${file} cut from ${size} bytes to ${rest}`;
  }
  const bytes = readFileSync(path);
  const place = random.below(usedBytes(bytes));
  bytes[place] = bytes[place]! ^ (1 << random.below(8));
  writeFileSync(path, bytes);
  return `one bit of byte ${place} of ${file} flipped`;
}

/** Behind the last byte that is not zero is what a server has written ahead, if anything; at least one byte. */
function usedBytes(bytes: Buffer): number {
  let used = bytes.length;
  while (used > 1 && bytes[used - 1] === 0) used -= 1;
  return used;
}

function pickFrom(files: readonly string[], random: Random): string | null {
  return files.length === 0 ? null : random.pick(files);
}
