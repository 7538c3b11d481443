/** The key file of encryption at rest, as an operator gives it to the server and to `redoubt`. */

import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { type MasterKeys, parseMasterKeys } from "@redoubt/level-log";
import { ConfigError } from "./config/index.js";

/** Permissions of anybody but the owner. */
const othersMode = 0o077;

/** `path` null: nothing is encrypted. Throws ConfigError, which says nothing of what is in the file. */
export function readMasterKeys(path: string | null): MasterKeys | null {
  if (path === null) return null;
  const where = `encryption-key-file '${path}'`;
  const keys = parseMasterKeys(textOf(path, where));
  if (typeof keys === "string") throw new ConfigError(`${where}: ${keys}`);
  return keys;
}

function textOf(path: string, where: string): string {
  let mode: number;
  let text: string;
  try {
    const fd = openSync(path, "r");
    try {
      mode = fstatSync(fd).mode;
      text = readFileSync(fd, "latin1");
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`can't read ${where}: ${reason}`, { cause: error });
  }
  // Windows has no such permissions, and says 666.
  if ((mode & othersMode) !== 0 && process.platform !== "win32") {
    throw new ConfigError(`others than its owner may use ${where}: chmod 600`);
  }
  return text;
}
