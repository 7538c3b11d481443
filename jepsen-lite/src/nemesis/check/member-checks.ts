/** Who belongs, who leads, who saves. */

import type { ProcessCluster } from "../../cluster/process-cluster.js";
import { until } from "../../cluster/until.js";
import { type Check, leaderOf, must, under } from "./look.js";

async function votersAre(cluster: ProcessCluster, count: number): Promise<void> {
  await until(`${count} voters`, async () => {
    const leader = await cluster.leader();
    if (leader === null) return "nobody leads";
    const info = await leader.info("raft");
    const [voters, joint] = [info.get("raft_voters"), info.get("raft_joint")];
    return Number(voters) === count && joint === "0" ? null : `${voters} voters, joint ${joint}`;
  });
}

function membershipCheck(name: string, during: number): Check {
  return {
    name: `membership:${name}`,
    act: async (cluster, random) => {
      const seen = await under(`membership:${name}`, cluster, random, async () => {
        const begunMs = performance.now();
        await votersAre(cluster, during);
        return `${during} voters after ${Math.round(performance.now() - begunMs)} ms`;
      });
      const begunMs = performance.now();
      await votersAre(cluster, cluster.nodes.length);
      return `${seen}, ${cluster.nodes.length} again ${Math.round(performance.now() - begunMs)} ms behind the end`;
    },
  };
}

export const memberChecks: readonly Check[] = [
  membershipCheck("grow", 4),
  membershipCheck("shrink", 2),
  membershipCheck("island", 2),
  membershipCheck("grow", 4),
  {
    name: "transfer",
    act: async (cluster, random) => {
      const old = await leaderOf(cluster);
      return under("transfer", cluster, random, async () => {
        const leader = await leaderOf(cluster);
        must(leader !== old, `node ${old.id} leads still`);
        return `from node ${old.id} to node ${leader.id}`;
      });
    },
  },
  {
    name: "snapshot",
    act: (cluster, random) =>
      under("snapshot", cluster, random, async () => {
        await until("snapshots", async () => {
          for (const node of cluster.nodes) {
            const info = await node.info("raft");
            if (Number(info.get("raft_snapshot_index")) === 0) return `node ${node.id} has none`;
          }
          return null;
        });
        return "every node has one";
      }),
  },
];
