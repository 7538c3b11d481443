/**
 * Disks that are full, fail, are slow, lie, and machines that lose their power. The last takes what was not synced: it
 * needs a file system of the node's own. Killing a process does not show that, whatever it had written is the system's.
 */

import { linksBetween } from "../cluster/link-network.js";
import { cutPower } from "../cluster/node-disk.js";
import type { ProcessCluster } from "../cluster/process-cluster.js";
import type { ProcessNode } from "../cluster/process-node.js";
import { pause } from "../cluster/until.js";
import { DYING_MS, SYNC_DELAYS_MS } from "./constants.js";
import type { Kind } from "./kinds.js";
import { startAgain } from "./process-faults.js";
import { claim, named, release, type Whom } from "./strike.js";

const everybody: readonly Whom[] = ["leader", "one", "minority", "majority", "all"];

/** Not a byte is left; at the end there is room again, and who stopped because of it is started. */
export const diskFull: Kind<Whom> = {
  name: "disk-full",
  variants: everybody,
  unavailable: (cluster) => (noOwnDisk(cluster) === null ? null : noShim(cluster)),
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "disk-full");
    await undoIfFailed(struck, async () => {
      for (const { disk, diskControl } of struck) {
        if (disk.isOwn) await disk.fill();
        else diskControl?.set({ isFull: true });
      }
    });
    return {
      text: `disk of ${await named(cluster, struck)} is full`,
      end: () => mendDisks(struck),
    };
  },
};

/** Every sync fails with EIO. */
export const fsyncError: Kind<Whom> = {
  name: "fsync-error",
  variants: everybody,
  unavailable: noShim,
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "fsync-error");
    for (const { diskControl } of struck) diskControl?.set({ syncFails: true });
    return {
      text: `disk of ${await named(cluster, struck)} fails at every sync`,
      end: () => mendDisks(struck),
    };
  },
};

/** Every sync takes longer. */
export const fsyncDelay: Kind<Whom> = {
  name: "fsync-delay",
  variants: everybody,
  unavailable: noShim,
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "fsync-delay");
    const syncDelayMs = random.pick(SYNC_DELAYS_MS);
    for (const { diskControl } of struck) diskControl?.set({ syncDelayMs });
    return {
      text: `disk of ${await named(cluster, struck)} takes ${syncDelayMs} ms longer to sync`,
      end: () => mendDisks(struck),
    };
  },
};

/**
 * Syncs say that they are done and do nothing; at the end the machine loses its power, which is when the lie comes out.
 * A majority of such disks keeps no promise of anybody's.
 */
export const lyingFsync: Kind<Whom> = {
  name: "lying-fsync",
  variants: everybody,
  onlyByName: ["majority", "all"],
  unavailable: (cluster) => noShim(cluster) ?? noOwnDisk(cluster),
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "lying-fsync");
    for (const { diskControl } of struck) diskControl?.set({ syncLies: true });
    return {
      text: `disk of ${await named(cluster, struck)} says it syncs and does not, then loses its power`,
      end: async () => {
        const restore = await losePower(cluster, struck);
        await restore();
      },
    };
  },
};

/** What was not synced is gone; the power comes back at the end. */
export const powerLoss: Kind<Whom> = {
  name: "power-loss",
  variants: everybody,
  unavailable: noOwnDisk,
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "power-loss");
    const text = `${await named(cluster, struck)} lost power`;
    const restore = await undoIfFailed(struck, () => losePower(cluster, struck));
    return { text, end: restore };
  },
};

/** The same, and the power is back at once: sooner than anybody notices. */
export const powerLossRestart: Kind<Whom> = {
  name: "power-loss-restart",
  variants: everybody,
  unavailable: noOwnDisk,
  begin: async (cluster, random, whom) => {
    const struck = await claim(cluster, whom, random, "power-loss-restart");
    const text = `${await named(cluster, struck)} lost power and got it back at once`;
    const restore = await undoIfFailed(struck, () => losePower(cluster, struck));
    await restore();
    return { text, end: () => startAgain(struck) };
  },
};

/**
 * 1. The processes stand still: nothing is acknowledged any more.  2. The disks lose power at one moment, and the links
 * are cut: a machine without power says no goodbye.  3. The processes are gone. What it gives brings all that back.
 */
async function losePower(
  cluster: ProcessCluster,
  nodes: readonly ProcessNode[],
): Promise<() => Promise<void>> {
  for (const node of nodes) node.freeze();
  const [, dark] = await Promise.all([
    cutPower(nodes.map(({ disk }) => disk)),
    cluster.network.impose(linksBetween(nodes, cluster.linked), { cut: true }),
  ]);
  await Promise.all(nodes.map((node) => node.stopAll()));
  await Promise.all(nodes.map(({ disk }) => disk.unmount()));
  for (const { diskControl } of nodes) diskControl?.set({});
  return async () => {
    await dark.lift();
    await startAgain(nodes);
  };
}

async function mendDisks(nodes: readonly ProcessNode[]): Promise<void> {
  for (const { disk, diskControl } of nodes) {
    if (disk.isOwn) disk.empty();
    diskControl?.set({});
  }
  // Who has met an error may be about to end because of it.
  await pause(DYING_MS);
  await startAgain(nodes);
}

async function undoIfFailed<T>(nodes: readonly ProcessNode[], act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    release(nodes);
    throw error;
  }
}

function noOwnDisk({ nodes, capabilities }: ProcessCluster): string | null {
  if (nodes.every(({ disk }) => disk.isOwn)) return null;
  if (capabilities.loopMounts !== true) return capabilities.loopMounts;
  return "the nodes' data are not on disks of their own";
}

function noShim({ nodes }: ProcessCluster): string | null {
  if (nodes.every(({ diskControl }) => diskControl !== null)) return null;
  return "the servers run without the disk shim";
}
