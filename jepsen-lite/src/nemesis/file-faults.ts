/**
 * A node's files are damaged or gone while it is down, and it is started on what is left. Data are really lost by these,
 * so the others have to be whole, and one node at a time is struck: a second one may have been all that was left.
 */

import type { ProcessCluster } from "../cluster/process-cluster.js";
import { complaintOf } from "../cluster/tool.js";
import { until } from "../cluster/until.js";
import { ORDER_TIMEOUT_MS } from "./constants.js";
import { type Damage, inflict } from "./file-damage.js";
import { always, type Kind } from "./kinds.js";
import { startAgain } from "./process-faults.js";
import { claim, NotNow, named, release } from "./strike.js";

type OneWhom = "leader" | "one";

function damageFault(damage: Damage): Kind<OneWhom> {
  return {
    name: damage,
    variants: ["leader", "one"],
    unavailable: always,
    begin: async (cluster, random, whom) => {
      await everybodyWhole(cluster);
      const struck = await claim(cluster, whom, random, damage);
      const who = await named(cluster, struck);
      const node = struck[0]!;
      await node.stop("SIGKILL");
      const what = inflict(node.disk.directory, damage, random);
      await node.start();
      if (what === null) {
        release(struck);
        throw new NotNow(`node ${node.id} has no file to be damaged`);
      }
      return { text: `${who} killed, ${what}, started again`, end: () => startAgain(struck) };
    },
  };
}

export const flip = damageFault("flip");
export const truncate = damageFault("truncate");
export const deleteFile = damageFault("delete");

/** All its data are gone, as with a new disk. */
export const wipe: Kind<OneWhom> = {
  name: "wipe",
  variants: ["leader", "one"],
  unavailable: always,
  begin: async (cluster, random, whom) => {
    await everybodyWhole(cluster);
    const struck = await claim(cluster, whom, random, "wipe");
    const who = await named(cluster, struck);
    const node = struck[0]!;
    await node.stop("SIGKILL");
    node.disk.wipe();
    await node.start();
    return { text: `${who} killed, its data wiped, started again`, end: () => startAgain(struck) };
  },
};

/** No fault strikes anybody, and what earlier ones did has been made good. */
export async function everybodyWhole(cluster: ProcessCluster): Promise<void> {
  const claimed = cluster.nodes.find(({ claimedBy }) => claimedBy !== null);
  if (claimed !== undefined) throw new NotNow(`node ${claimed.id}: ${claimed.claimedBy}`);
  const look = (): Promise<string | null> => cluster.description.missing(cluster.nodes);
  const missing = await complaintOf(() => until("whole", look, ORDER_TIMEOUT_MS));
  if (missing !== null) throw new NotNow(missing);
}
