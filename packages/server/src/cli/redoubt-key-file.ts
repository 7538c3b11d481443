/** `--encryption-key-file` of the subcommands that read a stopped node's directory. */

import type { MasterKeys } from "@redoubt/level-log";
import { ConfigError } from "../config/index.js";
import { readMasterKeys } from "../master-keys.js";
import { CliError } from "./redoubt-terminal.js";

export const keyFileOption = { "encryption-key-file": { type: "string" } } as const;

/** What is in `--encryption-key-file`; null: it was not given. */
export function masterKeysIn(path: string | null): MasterKeys | null {
  try {
    return readMasterKeys(path);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError("CONFIG_INVALID", error.message, error);
    throw error;
  }
}
