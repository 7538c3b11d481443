/**
 * Loads a copy of the sources with a piece of safety taken out, to see that the checkers notice. Nothing in
 * packages/ can switch safety off: the patch is made to a copy, and a patch that no longer applies is an
 * error.
 *
 * Copied are the patched packages and those that import them, up to the replica; in the copies imports of
 * copied packages lead to the copies, so that there is one instance of each. All other packages are the
 * ones every test runs.
 */

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ReplicaModule } from "../world/node.js";

export type PatchedPackage = "raft" | "keyspace" | "commands" | "replica";

export interface Edit {
  readonly package: PatchedPackage | "world";
  /** File in packages/<package>/src, or in test/sim/world. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** What a run is given in place of production's modules. */
export interface PatchedModules {
  readonly module?: ReplicaModule;
  readonly world?: Readonly<Record<string, unknown>>;
}

const SIM = fileURLToPath(new URL("../", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../../../packages/", import.meta.url));
const COPIES = fileURLToPath(new URL("./patched/", import.meta.url));
/** Another process may be running an older copy for so long. */
const STALE_MS = 3_600_000;

/** Who must be copied, too, when a package is: everything between it and the replica. */
const COPIED_WITH: Record<PatchedPackage, readonly PatchedPackage[]> = {
  raft: ["raft", "replica"],
  keyspace: ["keyspace", "commands", "replica"],
  commands: ["commands", "replica"],
  replica: ["replica"],
};

export async function loadPatched(name: string, edits: readonly Edit[]): Promise<PatchedModules> {
  const sources = patchedSources(name, edits);
  const target = writeOnce(name, sources);
  const load = async (path: string): Promise<Record<string, unknown>> =>
    (await import(pathToFileURL(join(target, path)).href)) as Record<string, unknown>;
  const world: Record<string, unknown> = {};
  for (const path of sources.keys()) {
    if (path.startsWith(`world${sep}`)) Object.assign(world, await load(path));
  }
  const replica = join("replica", "index.ts");
  return {
    ...(sources.has(replica) ? { module: (await load(replica)) as unknown as ReplicaModule } : {}),
    ...(Object.keys(world).length > 0 ? { world } : {}),
  };
}

/** Path in the copy -> text. */
export function patchedSources(name: string, edits: readonly Edit[]): ReadonlyMap<string, string> {
  const copied = new Set<string>();
  const sources = new Map<string, string>();
  for (const edit of edits) {
    if (edit.package === "world") {
      sources.set(join("world", edit.file), readFileSync(join(SIM, "world", edit.file), "utf8"));
    } else {
      for (const each of COPIED_WITH[edit.package]) copied.add(each);
    }
  }
  for (const each of copied) {
    const root = join(PACKAGES, each, "src");
    for (const path of sourceFiles(root)) {
      sources.set(join(each, relative(root, path)), readFileSync(path, "utf8"));
    }
  }
  for (const edit of edits) patch(name, edit, sources);
  for (const [path, text] of sources) sources.set(path, rewired(path, text, copied));
  return sources;
}

function patch(name: string, edit: Edit, sources: Map<string, string>): void {
  const path = join(edit.package, edit.file);
  const parts = sources.get(path)?.split(edit.find) ?? [];
  if (parts.length !== 2) {
    const times = Math.max(0, parts.length - 1);
    throw new Error(`canary ${name}: its place occurs ${times} times in ${path}: ${edit.find}`);
  }
  sources.set(path, parts.join(edit.replace));
}

/** Imports of copied packages lead to the copies; a world file's relative ones to the originals. */
function rewired(path: string, text: string, copied: ReadonlySet<string>): string {
  return text.replace(/(\bfrom\s+|\bimport\()"([^"]+)"/g, (whole, before: string, what: string) => {
    const ours = /^@redoubt\/([a-z-]+)$/.exec(what)?.[1];
    if (ours !== undefined && copied.has(ours)) {
      const up = relative(dirname(path), join(ours, "index.js"));
      return `${before}"${up.startsWith(".") ? up : `./${up}`}"`;
    }
    if (path.startsWith(`world${sep}`) && what.startsWith(".")) {
      return `${before}"${join(SIM, dirname(path), what)}"`;
    }
    return whole;
  });
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith(".ts"))
    .filter((file) => !file.name.endsWith(".test.ts") && !file.parentPath.includes("testing"))
    .map((file) => join(file.parentPath, file.name))
    .sort();
}

/** Named by content: equal copies are shared, and nobody changes one that another process runs. */
function writeOnce(name: string, sources: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  for (const [path, text] of sources) hash.update(path).update("\0").update(text).update("\0");
  const target = join(COPIES, `${name}.${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(target)) return target;
  dropStale(name);
  const draft = `${target}.${process.pid}`;
  for (const [path, text] of sources) {
    mkdirSync(dirname(join(draft, path)), { recursive: true });
    writeFileSync(join(draft, path), text);
  }
  try {
    renameSync(draft, target);
  } catch (error) {
    // Another process was first, with the same bytes.
    if (!existsSync(target)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}

function dropStale(name: string): void {
  if (!existsSync(COPIES)) return;
  for (const entry of readdirSync(COPIES)) {
    const path = join(COPIES, entry);
    const old = Date.now() - statSync(path).mtimeMs > STALE_MS;
    if (old && entry.startsWith(`${name}.`)) rmSync(path, { recursive: true, force: true });
  }
}
