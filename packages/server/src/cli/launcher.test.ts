/**
 * redoubt-server and npm start as real processes, from the build output. Without a cluster, but for one
 * node whose life is short.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const serverPath = join(root, "packages/server/bin/redoubt-server.js");
const startPath = join(root, "scripts/start.mjs");
const directory = mkdtempSync(join(tmpdir(), "redoubt-launcher-"));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(script: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [script, ...args], { cwd: directory, stdio: "pipe" });
}

async function run(script: string, args: readonly string[], input = ""): Promise<Outcome> {
  const child = launch(script, args);
  const stdout = textOf(child, "stdout");
  const stderr = textOf(child, "stderr");
  child.stdin?.end(input);
  const [code] = await once(child, "close");
  return { code, stdout: stdout(), stderr: stderr() };
}

function textOf(child: ChildProcess, name: "stdout" | "stderr"): () => string {
  let text = "";
  child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** A base port whose client and peer port are free now. */
async function freeBasePort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 5_000); port < 30_000; port += 7) {
    const servers = [await listen(port), await listen(port + 10_000)];
    for (const server of servers) server?.close();
    if (!servers.includes(null)) return port;
  }
  throw new Error("no free port");
}

beforeAll(() => {
  expect(existsSync(join(root, "packages/server/dist/cli/main.js")), "npm run build first").toBe(
    true,
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("redoubt-server", () => {
  test("--help and --version answer and exit 0", async () => {
    const help = await run(serverPath, ["--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("Usage: redoubt-server");
    const version = await run(serverPath, ["--version"]);
    expect(version.stdout).toMatch(/^Redoubt v\d+\.\d+\.\d+ .*redis_version=7\.2\.0\n$/);
  });

  test("a configuration that cannot be used is one line on stderr and exit code 1", async () => {
    const cases: [string[], string][] = [
      [["--foo", "1"], "command line: 'foo': Bad directive or wrong number of arguments"],
      [["--node-id", "1"], "peers is not set: name the members as id@host:port"],
    ];
    for (const [args, reason] of cases) {
      expect(await run(serverPath, args)).toEqual({
        code: 1,
        stdout: "",
        stderr: `redoubt-server: ${reason} (CONFIG_INVALID)\n`,
      });
    }
  });

  test("trap-17 without data it does not start, also from standard input and with a larger heap", async () => {
    const empty = join(directory, "empty");
    const port = await freeBasePort();
    const text = `node-id 1\npeers 1@127.0.0.1:${port + 10_000}\nport ${port}\ndir ${empty}\n`;
    // More than V8's default heap: the refusal has to come through the process that was started again.
    const outcome = await run(serverPath, ["--maxmemory", "8gb", "-"], text);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^redoubt-server: [^\n]* \(DATA_MISSING\)\n$/);
  });
});

describe("npm start", () => {
  const refused = async (args: string[]): Promise<string> => {
    const data = join(directory, "never");
    const outcome = await run(startPath, ["--dir", data, ...args]);
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toBe("");
    expect(existsSync(data), "nothing is created").toBe(false);
    return outcome.stderr;
  };

  test("a bad option is one line, and nothing is created", async () => {
    expect(await refused(["--nope"])).toBe("unknown option '--nope', see npm start -- --help\n");
    expect(await refused(["--nodes", "0"])).toBe("--nodes must be 1 to 9, not '0'\n");
    expect(await refused(["--base-port", "60000"])).toBe(
      "--base-port is too high: the last peer port would be 70002\n",
    );
    expect(await refused(["--set", "port=1"])).toBe(
      "--set port: npm start decides that for every node itself\n",
    );
    expect(await refused(["--set", "foo=1"])).toBe(
      "command line: 'foo': Bad directive or wrong number of arguments\n",
    );
    expect(await refused(["--dir"])).toBe("--dir needs a value\n");
  });

  test("a client or peer port in use is one line, and nothing is created", async () => {
    const base = await freeBasePort();
    for (const port of [base, base + 10_000]) {
      const server = await listen(port);
      expect(await refused(["--nodes", "1", "--base-port", String(base)])).toBe(
        `port ${port}, needed by node 1, is in use: stop what listens there, or give another --base-port and --dir\n`,
      );
      server?.close();
    }
  });

  test("a file in place of the directory is one line", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    const outcome = await run(startPath, ["--dir", join(file, "data")]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toBe(`cannot use ${join(file, "data")}: ${file} is not a directory\n`);
  });

  test.runIf(existsSync("/proc/self"))("a directory nobody can create is one line", async () => {
    const base = await freeBasePort();
    const options = ["--dir", "/proc/redoubt", "--base-port", String(base)];
    const outcome = await run(startPath, options);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^cannot (write in|use) \/proc\/redoubt: .*\n$/);
  });

  test("one node is born, refuses a second launcher, ends with its launcher, and comes back", async () => {
    const data = join(directory, "one");
    const base = await freeBasePort();
    const args = ["--dir", data, "--nodes", "1", "--base-port", String(base)];
    const first = launch(startPath, [...args, "--set", "maxmemory=64mb"]);
    await said(first, "Redoubt serves.");
    const pidPath = join(data, "node-1/redoubt.pid");
    const pid = readFileSync(pidPath, "utf8").trim();
    const second = await run(startPath, args);
    expect(second).toEqual({
      code: 1,
      stdout: "",
      stderr: `a cluster in one is running already: node 1 is process ${pid}\n`,
    });
    first.kill("SIGKILL");
    await removed(pidPath);

    const third = launch(startPath, ["--dir", data]);
    await said(third, "Redoubt serves.");
    third.kill("SIGTERM");
    expect((await once(third, "close"))[0]).toBe(0);
    expect(existsSync(pidPath)).toBe(false);
    expect(readFileSync(join(data, "node-1/redoubt.conf"), "utf8")).toContain("maxmemory 64mb\n");

    rmSync(join(data, "node-1/data"), { recursive: true });
    const wiped = await run(startPath, ["--dir", data]);
    expect(wiped.code).toBe(1);
    expect(wiped.stdout).toContain("(DATA_MISSING)");
  });
});

/** Resolves when `child` has printed `text`; rejects when it ends before. */
function said(child: ChildProcess, text: string): Promise<void> {
  const stdout = textOf(child, "stdout");
  const stderr = textOf(child, "stderr");
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", () => {
      if (stdout().includes(text)) resolve();
    });
    child.once("close", () => reject(new Error(`ended: ${stdout()}${stderr()}`)));
  });
}

/** Resolves when `path` is gone. An orphan has no event to wait for, but it removes its pid file last. */
async function removed(path: string): Promise<void> {
  while (existsSync(path)) await new Promise((next) => setTimeout(next, 20));
}
