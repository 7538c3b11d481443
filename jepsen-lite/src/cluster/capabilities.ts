/**
 * What this machine allows, found out by trying it: true, or why not in words. Nothing is assumed from versions or
 * names of systems; what is missing is told to whoever reads the report.
 */

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuController } from "./cpu-quota.js";
import { isInNamespaces, NAMESPACE_FLAGS } from "./enter-namespace.js";
import { complaintOf, tool } from "./tool.js";

export type Capability = true | string;

export interface Capabilities {
  readonly root: Capability;
  /** Network, mount and process namespaces, TUN devices, the tools for them, and gcc for the packet switch. */
  readonly namespaces: Capability;
  /** A quota of processor time for a process. */
  readonly cgroup: Capability;
  /** For shims and the packet switch. */
  readonly gcc: Capability;
  /** File systems in files, mounted where only this run sees them. */
  readonly loopMounts: Capability;
  readonly redisServer: Capability;
  readonly redisSentinel: Capability;
  /** The build output is there. */
  readonly redoubt: Capability;
}

export const redoubtServerPath = fileURLToPath(
  new URL("../../../packages/server/bin/redoubt-server.js", import.meta.url),
);
export const redoubtCliPath = fileURLToPath(
  new URL("../../../packages/server/bin/redoubt.js", import.meta.url),
);
const redoubtBuiltPath = fileURLToPath(
  new URL("../../../packages/server/dist/cli/main.js", import.meta.url),
);

let probed: Promise<Capabilities> | null = null;

/** Tried once: a process that makes many clusters stays on one machine. */
export function probe(): Promise<Capabilities> {
  probed ??= tryAll();
  return probed;
}

async function tryAll(): Promise<Capabilities> {
  const root = process.getuid?.() === 0 ? true : "needs root";
  const [gcc, redisServer] = await Promise.all([
    works(() => tool("gcc", ["--version"])),
    works(() => tool("redis-server", ["--version"])),
  ]);
  const namespaces = await namespacesCapability(root, gcc);
  return {
    root,
    namespaces,
    cgroup: cgroupCapability(root),
    gcc,
    loopMounts: namespaces === true ? await loopMountCapability() : namespaces,
    redisServer,
    // One program: redis-server is a sentinel when it is told so.
    redisSentinel: redisServer,
    redoubt: existsSync(redoubtBuiltPath) ? true : "not built: npm run build",
  };
}

async function works(act: () => Promise<unknown>): Promise<Capability> {
  return (await complaintOf(act)) ?? true;
}

async function namespacesCapability(root: Capability, gcc: Capability): Promise<Capability> {
  if (process.platform !== "linux") return "needs Linux";
  if (root !== true) return root;
  if (gcc !== true) return `the packet switch needs gcc: ${gcc}`;
  return works(async () => {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    await tool("ip", ["-V"]);
    await tool("nsenter", ["--version"]);
    if (!isInNamespaces()) await tool("unshare", [...NAMESPACE_FLAGS, "true"]);
  });
}

function cgroupCapability(root: Capability): Capability {
  if (root !== true) return root;
  const controller = cpuController();
  if (controller === null) return "no cgroup with a cpu controller is mounted";
  const trial = join(controller.directory, `jepsen-lite-probe-${process.pid}`);
  try {
    mkdirSync(trial);
    rmdirSync(trial);
    return true;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function loopMountCapability(): Promise<Capability> {
  const directory = mkdtempSync(join(tmpdir(), "jepsen-lite-probe-"));
  const image = join(directory, "image");
  const script = `
    truncate -s 16M '${image}' && mkfs.ext4 -q -F '${image}' &&
    mkdir '${directory}/mounted' && mount -o loop '${image}' '${directory}/mounted' &&
    umount '${directory}/mounted'`;
  const result = await works(() => tool("unshare", ["--mount", "sh", "-c", script]));
  rmSync(directory, { recursive: true, force: true });
  return result;
}
