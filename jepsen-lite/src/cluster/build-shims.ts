/**
 * The C programs and libraries beside this folder, compiled by gcc when they are first needed. Results are kept in the
 * system's temporary directory under a name made of their source, so that a changed source is another file and a
 * finished one is never half there.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LONG_TOOL_TIMEOUT_MS } from "./constants.js";
import { tool } from "./tool.js";

export type ShimName = "packet-switch" | "clock-shim" | "disk-shim" | "power-off";

const warnings = ["-O2", "-Wall", "-Wextra"];
const library = ["-fno-builtin", "-fPIC", "-shared"];
const flags: Readonly<Record<ShimName, readonly string[]>> = {
  "packet-switch": warnings,
  "power-off": warnings,
  "clock-shim": [...warnings, ...library],
  "disk-shim": [...warnings, ...library],
};

/** Path of what was built. Rejects with ToolError when there is no gcc, or it complains. */
export async function builtShim(name: ShimName): Promise<string> {
  const source = fileURLToPath(new URL(`../shims/${name}.c`, import.meta.url));
  const hash = createHash("sha256").update(readFileSync(source)).update(flags[name].join(" "));
  const user = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `jepsen-lite-shims-${user}`);
  const path = join(directory, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${Math.floor(performance.now() * 1000)}`;
  const args = [...flags[name], "-o", draft, source, "-ldl"];
  await tool("gcc", args, { timeoutMs: LONG_TOOL_TIMEOUT_MS });
  renameSync(draft, path);
  return path;
}
