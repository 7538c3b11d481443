/**
 * The C programs of this folder, compiled by gcc when they are first needed. Results are kept in the system's
 * temporary directory under a name made of their sources: a changed source is another file, and a finished one is
 * never half there.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Each is a folder of sources. */
export type ProgramName = "load-generator" | "delay-proxy";

const FLAGS = ["-O2", "-Wall", "-Wextra", "-Werror"];
/** Milliseconds. */
const COMPILE_TIMEOUT_MS = 60_000;

/** This machine can't compile them: without gcc and Linux (epoll) there is nothing to measure with. */
export class NoLoadGenerator extends Error {
  override readonly name = "NoLoadGenerator";
}

/** Path of what was built. */
export function builtProgram(name: ProgramName): string {
  const folder = fileURLToPath(new URL(name, import.meta.url));
  const sources = readdirSync(folder)
    .sort()
    .map((file) => join(folder, file));
  const hash = createHash("sha256").update(FLAGS.join(" "));
  for (const source of sources) hash.update(readFileSync(source)).update("\0");
  const directory = join(tmpdir(), `redoubt-bench-${process.getuid?.() ?? 0}`);
  const path = join(directory, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${Math.floor(performance.now() * 1000)}`;
  compile(name, [...FLAGS, "-o", draft, ...sources.filter((source) => source.endsWith(".c"))]);
  renameSync(draft, path);
  return path;
}

function compile(name: ProgramName, args: readonly string[]): void {
  try {
    execFileSync("gcc", args, {
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
      timeout: COMPILE_TIMEOUT_MS,
    });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    const why = code === "ENOENT" ? "there is no gcc" : (stderr?.trim() ?? String(error));
    throw new NoLoadGenerator(`${name} can't be built, and nothing measured without it: ${why}`);
  }
}
