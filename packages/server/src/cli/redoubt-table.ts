/** The subcommands of `redoubt`, a file each. Loaded when asked for: looking at the status needs no log. */

import type { Subcommand } from "./redoubt-terminal.js";

export const subcommands: ReadonlyMap<string, () => Promise<Subcommand>> = new Map([
  ["status", async () => (await import("./redoubt-status.js")).status],
  ["member", async () => (await import("./redoubt-member.js")).member],
  ["transfer", async () => (await import("./redoubt-transfer.js")).transfer],
  ["check", async () => (await import("./redoubt-check.js")).check],
  ["recover", async () => (await import("./redoubt-recover.js")).recover],
]);
