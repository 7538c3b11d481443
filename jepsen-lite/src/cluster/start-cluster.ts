/** From a target's name to a cluster that serves. */

import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Random } from "../random.js";
import { builtShim } from "./build-shims.js";
import { type Capabilities, probe } from "./capabilities.js";
import type { Cluster } from "./cluster.js";
import { harnessNumber } from "./enter-namespace.js";
import { namespaceGround } from "./namespaces.js";
import { NodeDisk } from "./node-disk.js";
import type { Ground } from "./place.js";
import { ProcessCluster } from "./process-cluster.js";
import { ProcessNode } from "./process-node.js";
import { proxyGround } from "./proxies.js";
import { ClockControl, DiskControl } from "./shim-controls.js";
import type { NodeSettings, TargetDescription } from "./target.js";
import { targets } from "./targets.js";
import { until } from "./until.js";

export interface ClusterOptions {
  /** One of `targets`. */
  readonly target: string;
  readonly nodes: number;
  /** Made, and removed by `stop`. Must not exist. */
  readonly directory: string;
  /** `namespaces`: behind `enterNamespace`. */
  readonly network: "namespaces" | "proxies";
  /** `name value...` each, in the target's words; `sentinel name value...` for sentinels. */
  readonly settings?: readonly string[];
  /** Wall clocks can be wrong. */
  readonly clockShim?: boolean;
  /** Syncs can fail, lie and take long; a disk can be full. */
  readonly diskShim?: boolean;
  /** `loop`: each node has a file system of its own, which can lose its power. In namespaces only. */
  readonly disk?: "plain" | "loop";
  /** Of what the network loses and delays. */
  readonly seed?: number;
}

/** Resolves when it serves: every node follows one leader. Nothing is left behind when it rejects. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const description = targets.get(options.target);
  if (description === undefined) throw new Error(`no target is called ${options.target}`);
  const capabilities = await probe();
  const lack = description.lacks(capabilities);
  if (lack !== null) throw new Error(`${description.name}: ${lack}`);
  if (options.disk === "loop" && options.network !== "namespaces") {
    throw new Error(
      "disks of their own are mounted in namespaces only: nothing of them may be left",
    );
  }
  const ground = await groundFor(options, description);
  let cluster: ProcessCluster;
  try {
    cluster = await clusterOn(ground, options, description, capabilities);
  } catch (error) {
    await ground.takeDown();
    throw error;
  }
  try {
    await bear(cluster);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** With room for one node more, if it can become a member. */
function groundFor(
  { nodes, network, seed = 1 }: ClusterOptions,
  { growsAndShrinks, software }: TargetDescription,
): Promise<Ground> {
  const count = growsAndShrinks ? nodes + 1 : nodes;
  const random = new Random(seed);
  if (network === "namespaces") return namespaceGround(count, random);
  return proxyGround(count, software === "redoubt", random);
}

async function clusterOn(
  ground: Ground,
  options: ClusterOptions,
  description: TargetDescription,
  capabilities: Capabilities,
): Promise<ProcessCluster> {
  const directory = resolve(options.directory);
  mkdirSync(join(directory, ".."), { recursive: true });
  mkdirSync(directory);
  const clock = options.clockShim === true ? await builtShim("clock-shim") : null;
  const disk = options.diskShim === true ? await builtShim("disk-shim") : null;
  const members = ground.places.slice(0, options.nodes).map((place, at) => ({ id: at + 1, place }));
  const clusterName = `jepsen-lite-${harnessNumber()}-${ground.places[0]!.peerPort}`;
  const makeNode = async (id: number): Promise<ProcessNode> => {
    const own = join(directory, `node-${id}`);
    const data = join(own, "data");
    const image = options.disk === "loop" ? join(directory, `disk-${id}`) : null;
    mkdirSync(own, { recursive: true });
    const place = ground.places[id - 1]!;
    const settings: NodeSettings = {
      id,
      place,
      directory: own,
      dataDirectory: data,
      // A node that comes later knows itself and those who were there before.
      members: id > options.nodes ? [...members, { id, place }] : members,
      settings: options.settings ?? [],
      clusterName,
    };
    return new ProcessNode({
      id,
      place,
      directory: own,
      disk: await NodeDisk.create(data, image),
      clock: clock === null ? null : new ClockControl(join(own, "clock.control"), clock),
      diskControl: disk === null ? null : new DiskControl(join(own, "disk.control"), disk, data),
      programs: description.programs(settings),
    });
  };
  try {
    const all = await Promise.all(ground.places.map((_, at) => makeNode(at + 1)));
    const nodes = all.slice(0, options.nodes);
    const spare = all[options.nodes] ?? null;
    return new ProcessCluster({ description, ground, capabilities, directory, nodes, spare });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Redoubt's members are born with one and the same list of addresses, which becomes the first entry of the log. Where
 * each is to see the others through proxies of its own they are started once more.
 */
async function bear(cluster: ProcessCluster): Promise<void> {
  const { nodes, network, description } = cluster;
  await Promise.all(nodes.map((node) => node.start({ isBirth: true })));
  await until(`${description.name} is born`, () => description.unborn(nodes));
  await Promise.all(nodes.map((node) => node.startSentinel()));
  await cluster.settled();
  if (network.kind !== "proxies" || description.software !== "redoubt") return;
  await Promise.all(nodes.map((node) => node.stop("SIGKILL")));
  await Promise.all(nodes.map((node) => node.start()));
  await cluster.settled();
}
