/**
 * Protected mode before a client that does not come by loopback. The node runs in a network namespace of
 * its own, whose only address besides loopback is a documentation address: nothing leaves the machine.
 */

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "./support/until.js";

const binary = fileURLToPath(
  new URL("../../packages/server/bin/redoubt-server.js", import.meta.url),
);
/** RFC 5737, TEST-NET-2. */
const outside = "198.51.100.1";
const port = 7001;

const able = canMakeNamespaces();

describe.skipIf(!able)(
  `protected mode${able ? "" : " (skipped: needs root, unshare, ip and redis-cli)"}`,
  () => {
    const directory = mkdtempSync(join(tmpdir(), "redoubt-protected-"));
    let node: ChildProcess;

    beforeAll(async () => {
      const member = `--node-id 1 --peers 1@127.0.0.1:17001 --peer-port 17001 --port ${port}`;
      const birth = `--cluster-id protected-mode --bootstrap yes --dir ${directory}`;
      const server = `${process.execPath} --max-old-space-size=4096 ${binary}`;
      const script =
        `ip link set lo up && ip addr add ${outside}/32 dev lo && ` +
        `exec ${server} ${member} ${birth} --bind 0.0.0.0 --maxmemory 64mb`;
      node = spawn("unshare", ["--net", "sh", "-c", script], { stdio: "ignore" });
      await until(
        "the node serves",
        async () => (await ask("127.0.0.1", "SET", "k", "v")) === "OK",
      );
    });

    afterAll(async () => {
      const gone = once(node, "exit");
      node.kill("SIGTERM");
      await gone;
      rmSync(directory, { recursive: true, force: true });
    });

    test("refuses a client from beyond loopback while there is no password", async () => {
      expect(await ask(outside, "GET", "k")).toMatch(/DENIED/);
      expect(await ask("127.0.0.1", "GET", "k")).toBe("v");
    });

    test("admits it once protected mode is off", async () => {
      expect(await ask("127.0.0.1", "CONFIG", "SET", "protected-mode", "no")).toBe("OK");
      expect(await ask(outside, "GET", "k")).toBe("v");
    });

    /** Asks in the node's namespace: `unshare` has become the node. */
    async function ask(host: string, ...argv: string[]): Promise<string> {
      const enter = ["--net", "--target", String(node.pid), "redis-cli"];
      const call = [...enter, "-h", host, "-p", String(port), ...argv];
      const answer = await promisify(execFile)("nsenter", call).catch((error: Error) => ({
        stdout: "",
        stderr: error.message,
      }));
      return `${answer.stdout}${answer.stderr}`.trim();
    }
  },
);

function canMakeNamespaces(): boolean {
  try {
    const own = readFileSync("/proc/self/status", "utf8").match(/^Uid:\s+(\d+)/m)?.[1];
    if (own !== "0") return false;
    execFileSync("unshare", ["--net", "ip", "link", "set", "lo", "up"], { stdio: "ignore" });
    execFileSync("redis-cli", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
