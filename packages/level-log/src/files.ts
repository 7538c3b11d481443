/** Small files and directories, made durable. Errors are Node's own; callers translate them. */

import { open, readdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codeOf } from "./errors.js";

/** Makes the names in a directory durable: a rename or a new file is lost by power loss without it. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Every file of a flat directory, then the directory itself. */
export async function syncTree(directory: string): Promise<void> {
  for (const name of await readdir(directory)) await syncPath(join(directory, name));
  await syncPath(directory);
}

/** After this returns, `path` holds `bytes` whatever happens; before, it holds what it held. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncPath(dirname(path));
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
