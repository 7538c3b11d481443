/** Everything that faults may have left behind is taken back: links, clocks, disks, processes. */

import type { Cluster } from "../cluster/cluster.js";
import { asProcessCluster } from "../cluster/process-cluster.js";
import { pause } from "../cluster/until.js";
import { DYING_MS } from "./constants.js";
import { startAgain } from "./process-faults.js";

/** Every member runs, nothing is cut, slow, full or wrong. They may need time to find together: `Cluster.settled`. */
export async function mend(cluster: Cluster): Promise<void> {
  const { network, nodes } = asProcessCluster(cluster);
  await network.heal();
  for (const node of nodes) {
    node.resume();
    node.clock?.reset();
    node.diskControl?.set({});
    if (node.disk.isOwn && node.disk.isPowered) node.disk.empty();
  }
  await startAgain(nodes);
  await pause(DYING_MS);
  await startAgain(nodes);
}
