/**
 * Loads a copy of the replica package with one line of safety taken out, to see that the checkers notice.
 * Nothing in packages/ can switch safety off: the patch is made to a copy of the sources, and a patch
 * that no longer applies is an error.
 */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ReplicaModule } from "../world/node.js";

export interface Canary {
  readonly name: string;
  /** File in packages/replica/src. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const SOURCES = new URL("../../../packages/replica/src/", import.meta.url);
const COPIES = new URL("./patched/", import.meta.url);

export async function loadPatched(canary: Canary): Promise<ReplicaModule> {
  const target = new URL(`${canary.name}/`, COPIES);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(fileURLToPath(SOURCES), fileURLToPath(target), {
    recursive: true,
    filter: (path) => !path.endsWith(".test.ts"),
  });
  const file = new URL(canary.file, target);
  const source = readFileSync(file, "utf8");
  const parts = source.split(canary.find);
  if (parts.length !== 2) {
    throw new Error(
      `canary ${canary.name}: its place occurs ${parts.length - 1} times in ${canary.file}`,
    );
  }
  writeFileSync(file, parts.join(canary.replace));
  return (await import(
    pathToFileURL(fileURLToPath(new URL("index.ts", target))).href
  )) as ReplicaModule;
}
