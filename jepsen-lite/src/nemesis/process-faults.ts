/** Servers that are killed, stopped for a while, restarted, or slow. */

import { CpuQuota, cpuController } from "../cluster/cpu-quota.js";
import type { ProcessCluster } from "../cluster/process-cluster.js";
import type { ProcessNode } from "../cluster/process-node.js";
import { complaintOf } from "../cluster/tool.js";
import { until } from "../cluster/until.js";
import { END_TIMEOUT_MS, SLOW_CPU_SHARE } from "./constants.js";
import type { FaultInForce } from "./fault.js";
import { always, type Kind } from "./kinds.js";
import { claim, NotNow, named, release, type Whom } from "./strike.js";

const everybody: readonly Whom[] = ["leader", "one", "minority", "majority", "all"];

/** SIGKILL; started again at the end. */
export const kill: Kind<Whom> = {
  name: "kill",
  variants: everybody,
  unavailable: always,
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "kill");
    const text = `${await named(cluster, struck)} killed`;
    await Promise.all(struck.map((node) => node.stop("SIGKILL")));
    return { text, end: () => startAgain(struck) };
  },
};

/** SIGKILL, and started again at once: sooner than anybody notices. */
export const killRestart: Kind<Whom> = {
  name: "kill-restart",
  variants: everybody,
  unavailable: always,
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "kill-restart");
    const text = `${await named(cluster, struck)} killed and started again at once`;
    await Promise.all(struck.map((node) => node.stop("SIGKILL")));
    await Promise.all(struck.map((node) => node.start()));
    return { text, end: () => startAgain(struck) };
  },
};

/** SIGSTOP; goes on at the end, believing that no time has passed. */
export const stopProcess: Kind<Whom> = {
  name: "pause",
  variants: everybody,
  unavailable: always,
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "pause");
    const text = `${await named(cluster, struck)} paused`;
    for (const node of struck) node.pause();
    return {
      text,
      end: async () => {
        for (const node of struck) node.resume();
        await startAgain(struck);
      },
    };
  },
};

/** One after the other by SIGTERM, each when the one before is level again. */
export const rollingRestart: Kind<"all"> = {
  name: "rolling-restart",
  variants: ["all"],
  unavailable: always,
  begin: async (cluster, random) => {
    const struck = await claim(cluster, "all", random, "rolling-restart");
    const order = random.sample(struck, struck.length);
    let isEnding = false;
    const restarts = (async () => {
      for (const node of order) {
        if (isEnding) return;
        await node.stop("SIGTERM");
        await node.start();
        await levelAgain(cluster, () => isEnding);
      }
    })();
    // Heard of at the end.
    restarts.catch(() => {});
    return {
      text: `${order.map(({ id }) => `node ${id}`).join(", ")} restarted one after the other`,
      end: async () => {
        isEnding = true;
        const complaint = await complaintOf(() => restarts);
        await startAgain(struck);
        if (complaint !== null) throw new Error(complaint);
      },
    };
  },
};

/** A tenth of a core. */
export const slowCpu: Kind<Whom> = {
  name: "slow-cpu",
  variants: everybody,
  unavailable: ({ capabilities }) => (capabilities.cgroup === true ? null : capabilities.cgroup),
  begin: async (cluster, random, whom) => {
    const controller = cpuController();
    if (controller === null) throw new Error("no cgroup with a cpu controller");
    const struck = await claim(cluster, whom, random, "slow-cpu");
    const quotas: CpuQuota[] = [];
    const lift = (): void => {
      for (const quota of quotas) quota.lift();
      release(struck);
    };
    try {
      for (const { id, pid } of struck) {
        if (pid === null) throw new NotNow(`node ${id} ended by itself`);
        quotas.push(new CpuQuota(controller, `node-${id}`, pid, SLOW_CPU_SHARE));
      }
    } catch (error) {
      lift();
      throw error;
    }
    const text = `${await named(cluster, struck)} limited to ${SLOW_CPU_SHARE * 100} % of a core`;
    return { text, end: async () => lift() };
  },
};

/** Whoever is down, for whatever reason, runs again; the nodes are free for other faults. */
export async function startAgain(nodes: readonly ProcessNode[]): Promise<void> {
  try {
    await Promise.all(
      nodes.map(async (node) => {
        await node.disk.powerOn();
        await node.start();
      }),
    );
  } finally {
    release(nodes);
  }
}

/** Of a fault that is over as soon as it has begun. */
export function atOnce(text: string): FaultInForce {
  return { text, end: async () => {} };
}

async function levelAgain(cluster: ProcessCluster, isGivenUp: () => boolean): Promise<void> {
  const look = async (): Promise<string | null> =>
    isGivenUp() ? null : cluster.description.missing(cluster.nodes);
  await until("level behind a restart", look, END_TIMEOUT_MS);
}
