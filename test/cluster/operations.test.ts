/** Every command of docs/operations.md: that it exists, and (npm run test:long) from top to bottom as one session. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { longTest } from "../support/long-test.js";
import { isFree } from "./support/ports.js";
import { redoubt } from "./support/redoubt-cli.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/operations.md"), "utf8");
const directory = mkdtempSync(join(tmpdir(), "redoubt-operations-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Nodes the page speaks of: ports are a prefix and one of these digits. */
const nodes = 5;
/** Milliseconds. Some forty steps, each with processes that start. */
const sessionMsMax = 200_000;

const endsProcesses = `trap 'for file in node-*/redoubt.pid; do
  test -e "$file" && kill -9 "$(cat "$file")"
done' EXIT`;

const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);

test("the page speaks a shell's language, and of subcommands that there are", async () => {
  expect(blocks.length).toBeGreaterThan(8);
  execFileSync("bash", ["-n"], { input: blocks.join("\n") });
  const used = new Set(blocks.join("\n").match(/(?<=^|[;&|] |until )redoubt [a-z]+/gm));
  expect(used.size).toBeGreaterThan(6);
  const { stdout, code } = await redoubt("--help");
  expect(code).toBe(0);
  for (const name of used) expect(stdout).toContain(name.slice("redoubt ".length));
});

longTest("the session of the page is as it says", async () => {
  const [clients, peers] = await freePrefixes();
  const session = blocks
    .join("\n")
    .replaceAll(/\b1700(?=[$\d])/g, String(peers))
    .replaceAll(/\b700(?=[$\d])/g, String(clients));
  const shell = spawn("bash", ["-c", `set -eu\n${endsProcesses}\n${session}`], {
    cwd: directory,
    env: { ...process.env, REDOUBT: root },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: sessionMsMax,
  });
  let said = "";
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [code] = await once(shell, "close");
  expect([code, said]).toEqual([0, expect.stringContaining("node 4 is no member any more")]);
  expect(said).toContain("node 5 is no member any more");
  expect(said).toContain("LOST FOR GOOD: what other members acknowledged and this log lacks");
  expect(said).toMatch(/compared +\d+ keys, all as in the source/);
  expect(said).toMatch(/ok: can be restored to any entry from \d+ to \d+/);
  expect(said).toContain("is the beginning of cluster demo-restored");
  // A pipe that is closed early (grep -q) is no fault.
  expect(said).not.toContain("EPIPE");
  const last = said.slice(said.lastIndexOf("cluster  demo-2"));
  expect(last.match(/^[123] +voter/gm)).toHaveLength(3);
  expect(readdirSync(join(directory, "node-2"))).toContain("log.before-recover-1");
});

/** Two prefixes of four digits with whose every last digit nobody listens. */
async function freePrefixes(): Promise<[number, number]> {
  const found: number[] = [];
  // Below the ports that systems give out by themselves, above the privileged.
  for (let prefix = 1100 + (process.pid % 1000); prefix < 3200; prefix++) {
    const ports = Array.from({ length: nodes }, (_, at) => prefix * 10 + at + 1);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) found.push(prefix);
    if (found.length === 2) return [found[0]!, found[1]!];
  }
  throw new Error("no free ports");
}
