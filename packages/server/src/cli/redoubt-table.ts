/** The subcommands of `redoubt`, a file each. Loaded when asked for: looking at the status needs no log. */

import type { Subcommand } from "./redoubt-terminal.js";

export const subcommands: ReadonlyMap<string, () => Promise<Subcommand>> = new Map([
  ["status", async () => (await import("./redoubt-status.js")).status],
  ["member", async () => (await import("./redoubt-member.js")).member],
  ["transfer", async () => (await import("./redoubt-transfer.js")).transfer],
  ["import", async () => (await import("./redoubt-import.js")).importInto],
  ["export", async () => (await import("./redoubt-export.js")).exportFrom],
  ["backup", async () => (await import("./redoubt-backup.js")).backup],
  ["restore", async () => (await import("./redoubt-restore.js")).restore],
  ["check", async () => (await import("./redoubt-check.js")).check],
  ["recover", async () => (await import("./redoubt-recover.js")).recover],
]);
