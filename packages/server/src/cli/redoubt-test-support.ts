/** For tests: runs `redoubt` in this process and collects what it says. */

import { main } from "./redoubt.js";
import type { ExitCode } from "./redoubt-terminal.js";

export interface CliResult {
  readonly code: ExitCode;
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly progress: readonly string[];
}

export async function runCli(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<CliResult> {
  const out: string[] = [];
  const err: string[] = [];
  const progress: string[] = [];
  const code = await main(argv, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    progress: (line) => progress.push(line),
    environment,
  });
  return { code, out, err, progress };
}
