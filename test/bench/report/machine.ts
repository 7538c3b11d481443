/** What was measured on, and with. */

import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";

export interface Machine {
  readonly processors: string;
  readonly memoryGib: number;
  /** Name and version of each. */
  readonly software: readonly string[];
}

export function machineOf(): Machine {
  const found = cpus();
  return {
    processors: `${found.length} x ${found[0]?.model.trim() ?? "processor"}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    software: [
      `node ${process.version.slice(1)}`,
      ...version("redis-server", ["--version"], /v=(\S+)/),
      ...version("etcd", ["--version"], /Version: (\S+)/),
    ],
  };
}

/** Empty: not installed. */
function version(name: string, argv: readonly string[], pattern: RegExp): string[] {
  try {
    const text = execFileSync(name, argv, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return [`${name} ${pattern.exec(text)?.[1] ?? "of unknown version"}`];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
