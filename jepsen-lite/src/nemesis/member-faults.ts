/**
 * Who belongs to the cluster, who leads it, and when it saves: what an operator does at a bad time. Membership is
 * changed by the target's own command, as its documentation says.
 */

import { linksBetween } from "../cluster/link-network.js";
import type { ProcessCluster } from "../cluster/process-cluster.js";
import type { ProcessNode } from "../cluster/process-node.js";
import { redoubtCli } from "../cluster/redoubt-target.js";
import { complaintOf } from "../cluster/tool.js";
import { pause, until } from "../cluster/until.js";
import type { Random } from "../random.js";
import { ErrorReply } from "../resp/resp-client.js";
import {
  END_TIMEOUT_MS,
  FAREWELL_TIMEOUT_MS,
  NOT_NOW_PAUSE_MS,
  ORDER_TIMEOUT_MS,
} from "./constants.js";
import type { FaultInForce } from "./fault.js";
import { everybodyWhole } from "./file-faults.js";
import { always, type Kind } from "./kinds.js";
import { atOnce } from "./process-faults.js";
import { claim, NotNow, named, release } from "./strike.js";

export type MembershipChange = "grow" | "shrink" | "island";

export const membership: Kind<MembershipChange> = {
  name: "membership",
  variants: ["grow", "shrink", "island"],
  unavailable: ({ description, spare }) =>
    description.growsAndShrinks && spare !== null ? null : "its membership is fixed",
  begin: async (cluster, random, change) => {
    await everybodyWhole(cluster);
    if (change === "grow") return grow(cluster);
    const struck = await claim(cluster, "one", random, "membership");
    return change === "shrink" ? shrink(cluster, struck) : island(cluster, struck);
  },
};

/** One more, with an empty directory; removed at the end. */
async function grow(cluster: ProcessCluster): Promise<FaultInForce> {
  const { nodes } = cluster;
  const spare = cluster.spare!;
  if (spare.claimedBy !== null) throw new NotNow("the spare node is a member already");
  spare.claimedBy = "membership";
  spare.disk.wipe();
  await spare.start();
  const added = addMember(nodes, spare);
  added.catch(() => {});
  return {
    text: `node ${spare.id} joins`,
    end: async () => {
      const complaint = await complaintOf(() => added);
      await spare.disk.powerOn();
      await removeMember(nodes, spare);
      const stays = await complaintOf(() => spare.ended(FAREWELL_TIMEOUT_MS));
      await spare.stop("SIGKILL");
      release([spare]);
      if (complaint !== null) throw new Error(complaint);
      if (stays !== null) throw new Error(`${stays}, though it was removed`);
    },
  };
}

/** One less; it comes back at the end, with an empty directory. */
async function shrink(
  cluster: ProcessCluster,
  struck: readonly ProcessNode[],
): Promise<FaultInForce> {
  const node = struck[0]!;
  const text = `${await named(cluster, struck)} is removed`;
  const others = cluster.nodes.filter((each) => each !== node);
  const removed = removeMember(others, node);
  removed.catch(() => {});
  return { text, end: () => comeBack(others, node, removed) };
}

/**
 * A member that is cut off is removed by the others, who can't tell it. At the end it is heard again, still in the belief
 * that it belongs to them, before it comes back with an empty directory.
 */
async function island(
  cluster: ProcessCluster,
  struck: readonly ProcessNode[],
): Promise<FaultInForce> {
  const node = struck[0]!;
  const lack = cluster.network.lacks("cut");
  if (lack !== null) {
    release(struck);
    throw new NotNow(lack);
  }
  const text = `${await named(cluster, struck)} is cut off, and removed by the others`;
  const others = cluster.nodes.filter((each) => each !== node);
  const cut = await cluster.network.impose(linksBetween([node], cluster.linked), { cut: true });
  const removed = removeMember(others, node);
  removed.catch(() => {});
  return {
    text,
    end: async () => {
      const complaint = await complaintOf(() => removed);
      await cut.lift();
      if (complaint !== null) throw new Error(complaint);
      // A moment in which it may do what a removed member must not.
      await pause(ORDER_TIMEOUT_MS / 2);
      await comeBack(others, node, removed);
    },
  };
}

async function comeBack(
  others: readonly ProcessNode[],
  node: ProcessNode,
  removed: Promise<void>,
): Promise<void> {
  try {
    await removed;
    await complaintOf(() => node.ended(ORDER_TIMEOUT_MS));
    await node.stop("SIGKILL");
    await node.disk.powerOn();
    node.disk.wipe();
    await node.start();
    await addMember(others, node);
  } finally {
    release([node]);
  }
}

function addMember(asked: readonly ProcessNode[], node: ProcessNode): Promise<void> {
  const { peerHost, peerPort } = node.place;
  return order(asked, ["member", "add", String(node.id), `${peerHost}:${peerPort}`], "is a member");
}

function removeMember(asked: readonly ProcessNode[], node: ProcessNode): Promise<void> {
  return order(asked, ["member", "remove", String(node.id)], "is no member");
}

/** Said again while nobody leads; that it was done by an earlier try is as good. */
function order(
  asked: readonly ProcessNode[],
  words: readonly string[],
  done: string,
): Promise<void> {
  return until(
    `redoubt ${words.join(" ")}`,
    async () => {
      const running = asked.filter(({ isRunning, isPaused }) => isRunning && !isPaused);
      const complaints: string[] = [];
      for (const { host, port } of running) {
        const complaint = await complaintOf(() =>
          redoubtCli([...words, "-h", host, "-p", String(port)]),
        );
        if (complaint === null || complaint.includes(done)) return null;
        complaints.push(complaint);
      }
      return complaints.join("; ") || "nobody to ask";
    },
    END_TIMEOUT_MS,
  );
}

/** Leadership is given to somebody else; nothing to be taken back. */
export const transfer: Kind<"one"> = {
  name: "transfer",
  variants: ["one"],
  unavailable: always,
  begin: async (cluster, random) => {
    const endMs = performance.now() + ORDER_TIMEOUT_MS;
    for (;;) {
      const complaint = await complaintOf(() => handOver(cluster, random));
      if (complaint === null) break;
      if (performance.now() >= endMs) throw new NotNow(complaint);
      await pause(NOT_NOW_PAUSE_MS);
    }
    return atOnce("leadership handed over");
  },
};

async function handOver(cluster: ProcessCluster, random: Random): Promise<void> {
  const { nodes, description } = cluster;
  const leader = await cluster.leader();
  const others = nodes.filter((node) => node !== leader && node.isRunning && !node.isPaused);
  if (others.length === 0) throw new NotNow("nobody to hand over to");
  await description.transfer(nodes, random.pick(others));
}

/** A snapshot on every node that answers, at once. */
export const snapshot: Kind<"all"> = {
  name: "snapshot",
  variants: ["all"],
  unavailable: always,
  begin: async ({ nodes }) => {
    const begun: number[] = [];
    await Promise.all(
      nodes.map(async (node) => {
        const complaint = await complaintOf(async () => {
          const reply = await node.ask("BGSAVE");
          if (reply instanceof ErrorReply) throw new Error(reply.text);
        });
        if (complaint === null) begun.push(node.id);
      }),
    );
    if (begun.length === 0) throw new NotNow("nobody makes a snapshot");
    return atOnce(`snapshots begun on ${begun.toSorted((a, b) => a - b).join(", ")}`);
  },
};
