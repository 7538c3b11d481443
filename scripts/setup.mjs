/**
 * Makes a clone ready: installs dependencies when node_modules is older than the lock file, and with
 * --build compiles the packages (incrementally). Quiet unless something fails. Needs Node and npm only.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The one that works on Node 20 without corepack, and the one that wrote the lock file. */
const pnpm = "pnpm@10.34.9";
const nodeMajorMin = 20;

const root = fileURLToPath(new URL("..", import.meta.url));
const stampPath = `${root}node_modules/.redoubt-setup`;
const hashed = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"];

function main() {
  if (Number(process.versions.node.split(".")[0]) < nodeMajorMin) {
    fail(`Redoubt needs Node ${nodeMajorMin} or newer, this is ${process.version}`);
  }
  const stamp = stampNow();
  if (readStamp() !== stamp) {
    process.stderr.write("Installing dependencies ...\n");
    // Without a terminal pnpm asks nothing when it is told that this is CI.
    run("npx", ["-y", pnpm, "install", "--frozen-lockfile"], { CI: "true" });
    writeFileSync(stampPath, stamp);
  }
  if (process.argv.includes("--build")) {
    if (!existsSync(`${root}packages/server/dist`)) process.stderr.write("Building ...\n");
    run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-b"], {});
  }
}

/** What an installation depends on: what is asked for, and the Node that native modules were chosen for. */
function stampNow() {
  const hash = createHash("sha256");
  for (const name of hashed) hash.update(readFileSync(root + name)).update("\0");
  return `${hash.digest("hex")} ${process.versions.modules} ${process.platform} ${process.arch}\n`;
}

function readStamp() {
  return existsSync(stampPath) ? readFileSync(stampPath, "utf8") : null;
}

function run(command, args, env) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  fail(`${command} ${args.join(" ")} failed: ${error?.message ?? signal ?? `exit code ${status}`}`);
}

function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

main();
