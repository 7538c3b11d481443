/** What a run ran on, in words for its reader. */

import { execFile } from "node:child_process";
import { cpus, release, type } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** `2 cores, Intel..., Linux 6.1.0, Node 20.20.2`. */
export function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim().replaceAll(/\s+/g, " ") ?? "unknown processor";
  const node = process.version.slice(1);
  return `${processors.length} cores, ${model}, ${type()} ${release()}, Node ${node}`;
}

/** Of the checkout; `+` behind it: with changes that are not committed. null outside a repository. */
export async function commit(): Promise<string | null> {
  try {
    const head = await execute("git", ["rev-parse", "--short=12", "HEAD"], { cwd: repository });
    const changes = await execute("git", ["status", "--porcelain", "--untracked-files=no"], {
      cwd: repository,
    });
    return `${head.stdout.trim()}${changes.stdout === "" ? "" : "+"}`;
  } catch {
    return null;
  }
}
