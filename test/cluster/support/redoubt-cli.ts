/** The `redoubt` command as a real process. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../../../packages/server/bin/redoubt.js", import.meta.url));

export interface CliOutcome {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function redoubt(...args: readonly string[]): Promise<CliOutcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [binary, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
