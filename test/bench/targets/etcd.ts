/** etcd of the system: three members, with what its package's version 3.4 takes by command line. */

import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeRange, peerPortOffset } from "../../cluster/support/ports.js";
import { start, stop, until } from "./children.js";
import type { Target } from "./target.js";

const BINARY = "/usr/bin/etcd";
const MEMBERS = 3;
const ANSWER_TIMEOUT_MS = 1_000;

/** null: not installed. */
export async function startEtcd(): Promise<Target | null> {
  if (!existsSync(BINARY)) return null;
  const folder = mkdtempSync(join(tmpdir(), "etcd-bench-"));
  const basePort = await freeRange(MEMBERS);
  const ports = Array.from({ length: MEMBERS }, (_, i) => basePort + i);
  const peerUrl = (port: number) => `http://127.0.0.1:${port + peerPortOffset}`;
  const members = ports.map((port, i) => `m${i}=${peerUrl(port)}`).join();
  const children: ChildProcess[] = ports.map((port, i) => {
    const url = `http://127.0.0.1:${port}`;
    const options = [
      ...["--name", `m${i}`, "--data-dir", join(folder, String(i))],
      ...["--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--listen-peer-urls", peerUrl(port), "--initial-advertise-peer-urls", peerUrl(port)],
      ...["--initial-cluster", members, "--initial-cluster-token", `bench-${basePort}`],
      ...["--logger", "zap", "--log-level", "error"],
    ];
    return start(BINARY, options, "ignore");
  });
  const port = () => until("etcd has a leader", () => leaderOf(ports));
  await port();
  const processes = children.map((child, i) => ({ pid: child.pid!, port: ports[i]! }));
  return {
    name: "etcd, 3 members",
    port,
    processes: () => processes,
    stop: () => stop(children, folder),
  };
}

/** A member that says of itself that it leads. */
async function leaderOf(ports: readonly number[]): Promise<number | null> {
  for (const port of ports) {
    if ((await metric(port, "etcd_server_is_leader")) === 1) return port;
  }
  return null;
}

async function metric(port: number, name: string): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal });
    const value = new RegExp(`^${name} (\\S+)`, "m").exec(await response.text())?.[1];
    return value === undefined ? null : Number(value);
  } catch {
    // Not up yet: the caller asks again until its deadline.
    return null;
  }
}
