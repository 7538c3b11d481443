/** What may happen to a file of a stopped node, one thing at a time, drawn from a seed. */

import {
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import type { SeededRandom } from "../sim/world/random.js";

export type Damage =
  | { readonly kind: "flip"; readonly offset: number; readonly mask: number }
  | { readonly kind: "truncation"; readonly bytes: number }
  | { readonly kind: "deletion" };

export interface DamagedFile {
  /** Below the node's data directory. */
  readonly file: string;
  /** Before. */
  readonly bytes: number;
  readonly damage: Damage;
}

/** Shares of the kinds; a flip says most about what is checked. */
const FLIP_SHARE = 0.6;
const TRUNCATION_SHARE = 0.25;

/** Every file below `directory`, sorted; what was set aside after earlier damage is not the node's any more. */
export function filesOf(directory: string): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const name of readdirSync(path)) {
      const below = join(path, name);
      if (name.startsWith("log.damaged-")) continue;
      if (lstatSync(below).isDirectory()) visit(below);
      else found.push(relative(directory, below));
    }
  };
  visit(directory);
  return found.sort();
}

/** One file, each as probable whatever its size, so that the small ones which matter most are met. */
export function chooseDamage(directory: string, random: SeededRandom): DamagedFile {
  const files = filesOf(directory);
  const file = files[random.below(files.length)]!;
  const path = join(directory, file);
  return { file, bytes: statSync(path).size, damage: damageOf(usedBytes(path), random) };
}

/** Behind the last byte that is not zero, LevelDB's log has nothing but space: every second case would hit that. */
export function usedBytes(path: string): number {
  const bytes = readFileSync(path);
  let used = bytes.length;
  if (path.endsWith(".log")) while (used > 0 && bytes[used - 1] === 0) used -= 1;
  return used;
}

function damageOf(size: number, random: SeededRandom): Damage {
  if (size === 0) return { kind: "deletion" };
  const place = random.next();
  if (place < FLIP_SHARE) {
    return { kind: "flip", offset: random.below(size), mask: 1 + random.below(255) };
  }
  if (place < FLIP_SHARE + TRUNCATION_SHARE) {
    return { kind: "truncation", bytes: random.below(size) };
  }
  return { kind: "deletion" };
}

export function inflict(directory: string, { file, damage }: DamagedFile): void {
  const path = join(directory, file);
  if (damage.kind === "deletion") {
    rmSync(path);
  } else if (damage.kind === "truncation") {
    truncateSync(path, damage.bytes);
  } else {
    const bytes = readFileSync(path);
    bytes[damage.offset] = bytes[damage.offset]! ^ damage.mask;
    writeFileSync(path, bytes);
  }
}

export function shown({ file, bytes, damage }: DamagedFile): string {
  const where = `${file} (${bytes} bytes)`;
  if (damage.kind === "deletion") return `${where} deleted`;
  if (damage.kind === "truncation") return `${where} cut to ${damage.bytes}`;
  return `${where} byte ${damage.offset} ^ 0x${damage.mask.toString(16).padStart(2, "0")}`;
}
