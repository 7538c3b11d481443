/**
 * A file into a cluster, from the first look to the last: checked, the cluster looked at, written, counted, and
 * compared when that is asked for. The command line and a node's first start both do it by this.
 */

import { existsKeysMax, shownKeysMax } from "./constants.js";
import { CarryError } from "./errors.js";
import { checkImport, type ImportPlan, type Progress, shownKey } from "./import-check.js";
import type { ImportOptions } from "./import-options.js";
import { Importer, type ImportResult } from "./importer.js";
import { keyBytes } from "./key-requests.js";
import type { LeaderLink } from "./leader-link.js";
import { demandNoLibraries } from "./libraries.js";
import { verifyImport } from "./verify-import.js";

export type ImportStage = "check" | "write" | "verify";

export interface ImportReport {
  readonly plan: ImportPlan;
  readonly result: ImportResult;
  /** DBSIZE before and after. Others may have written meanwhile. */
  readonly keysBefore: number;
  readonly keysAfter: number;
  /** Keys compared; null: it was not asked for. */
  readonly verified: number | null;
}

export interface ImportTask {
  readonly path: string;
  readonly bytes: number;
  readonly options: ImportOptions;
  readonly verify: boolean;
  readonly report: (stage: ImportStage, progress: Progress) => void;
}

/** Rejects before anything is written with DAMAGED, UNSUPPORTED or REFUSED; later as `Importer` and `verifyImport`. */
export async function importFile(link: LeaderLink, task: ImportTask): Promise<ImportReport> {
  const { path, bytes, options } = task;
  // Before a long pass over the file, and again right before the first key is written.
  await countBeside(link, options);
  const collisions = new CollisionCheck(link);
  const looksFor = options.intoExisting && !options.replaces;
  const plan = await checkImport(
    path,
    bytes,
    options,
    (progress) => task.report("check", progress),
    (key) => (looksFor ? collisions.add(key) : undefined),
  );
  await collisions.finish();
  if (!options.replaces) await demandNoLibraries(link, plan.libraries);
  const keysBefore = await countBeside(link, options);
  const importer = new Importer(link, options);
  const result = await importer.run(path, plan, (progress) => task.report("write", progress));
  const keysAfter = await keyCount(link);
  const verified = task.verify
    ? await verifyImport(link, path, plan, options, (progress) => task.report("verify", progress))
    : null;
  return { plan, result, keysBefore, keysAfter, verified };
}

/**
 * Keys that must be there and are not, at least. Only of a cluster that was empty can it be said, and what has
 * expired or was deleted by others is not told apart.
 */
export function keysMissing({ result, keysBefore, keysAfter }: ImportReport): number {
  if (keysBefore > 0) return 0;
  return Math.max(0, result.keys - result.volatile - keysAfter);
}

/** Keys that are there; rejects where there must be none. */
async function countBeside(link: LeaderLink, { intoExisting }: ImportOptions): Promise<number> {
  const keys = await keyCount(link);
  if (keys === 0 || intoExisting) return keys;
  throw new CarryError(
    "REFUSED",
    `the cluster holds ${keys} keys: --into-existing imports beside them`,
  );
}

async function keyCount(link: LeaderLink): Promise<number> {
  const count = await link.ask(["DBSIZE"]);
  if (typeof count === "number") return count;
  throw new CarryError("NOT_UNDERSTOOD", "DBSIZE is answered by no number");
}

/** Whether keys of the file are in the cluster already, some hundred a question. */
class CollisionCheck {
  readonly #link: LeaderLink;
  #keys: string[] = [];

  constructor(link: LeaderLink) {
    this.#link = link;
  }

  async add(key: string): Promise<void> {
    this.#keys.push(key);
    if (this.#keys.length === existsKeysMax) await this.finish();
  }

  async finish(): Promise<void> {
    const keys = this.#keys;
    this.#keys = [];
    if (keys.length === 0) return;
    if ((await this.#link.ask(["EXISTS", ...keys.map(keyBytes)])) === 0) return;
    const there: string[] = [];
    for (const key of keys) {
      if ((await this.#link.ask(["EXISTS", keyBytes(key)])) === 0) continue;
      there.push(shownKey(key));
      if (there.length === shownKeysMax) break;
    }
    throw new CarryError(
      "REFUSED",
      `the cluster holds keys of the file already, as ${there.join(", ")}: --replace overwrites them`,
    );
  }
}
