/** Links between nodes: cut, lossy, slow, narrow, doubling, out of order. */

import { linksBetween, linksFrom } from "../cluster/link-network.js";
import type { DirectedLink, LinkRule } from "../cluster/link-rule.js";
import type { ProcessCluster } from "../cluster/process-cluster.js";
import type { ProcessNode } from "../cluster/process-node.js";
import type { Random } from "../random.js";
import {
  DELAYS_MS,
  DUPLICATE_SHARE,
  LOSS_SHARES,
  REORDER_SHARE,
  THROTTLE_BITS_PER_SECOND,
} from "./constants.js";
import type { Kind } from "./kinds.js";
import { drawAny, NotNow, named, namedWith, type Whom } from "./strike.js";

export type PartitionShape =
  | "isolate-leader"
  | "halves"
  | "majorities-ring"
  | "one-way"
  | "leader-and-one";

export const partition: Kind<PartitionShape> = {
  name: "partition",
  variants: ["isolate-leader", "halves", "majorities-ring", "one-way", "leader-and-one"],
  unavailable: ({ network }) => network.lacks("cut"),
  begin: async (cluster, random, shape) => {
    const { links, text } = await cutsOf(cluster, random, shape);
    const imposed = await cluster.network.impose(links, { cut: true });
    return { text, end: () => imposed.lift() };
  },
};

interface Cuts {
  readonly links: readonly DirectedLink[];
  readonly text: string;
}

async function cutsOf(
  cluster: ProcessCluster,
  random: Random,
  shape: PartitionShape,
): Promise<Cuts> {
  const { nodes } = cluster;
  const leader = await cluster.leader();
  const apart = (group: readonly ProcessNode[]): Cuts => {
    const rest = cluster.linked.filter((node) => !group.includes(node));
    const others = rest.filter((node) => nodes.includes(node));
    return {
      links: linksBetween(group, rest),
      text: `${namedWith(group, leader)} cut off from ${namedWith(others, leader)}`,
    };
  };
  if (shape === "halves") return apart(random.sample(nodes, Math.floor(nodes.length / 2)));
  if (shape === "majorities-ring") return ring(random.sample(nodes, nodes.length), leader);
  const one = leader ?? (shape === "one-way" ? random.pick(nodes) : null);
  if (one === null) throw new NotNow("nobody leads");
  const others = nodes.filter((node) => node !== one);
  if (shape === "isolate-leader") return apart([one]);
  if (shape === "leader-and-one") return apart([one, random.pick(others)]);
  const struck = random.chance(0.5) ? one : random.pick(others);
  const rest = cluster.linked.filter((node) => node !== struck);
  return random.chance(0.5)
    ? {
        links: linksFrom([struck], rest),
        text: `${namedWith([struck], leader)} hears and is not heard`,
      }
    : {
        links: linksFrom(rest, [struck]),
        text: `${namedWith([struck], leader)} is heard and does not hear`,
      };
}

/**
 * Each sees a majority, and no two the same one: the nodes stand in a ring and see their neighbours. With three or four
 * that is everybody, so one link is cut there: two nodes that both see all others but not each other.
 */
function ring(nodes: readonly ProcessNode[], leader: ProcessNode | null): Cuts {
  const order = nodes.map(({ id }) => id).join("-");
  if (nodes.length < 5) {
    const [a, b] = nodes;
    return {
      links: linksBetween([a!], [b!]),
      text: `${namedWith([a!], leader)} and ${namedWith([b!], leader)} cut off from each other only`,
    };
  }
  return { links: ringCuts(nodes), text: `nodes see their neighbours in the ring ${order} only` };
}

/** Exported for its test. Links between those that are no neighbours. */
export function ringCuts(nodes: readonly ProcessNode[]): DirectedLink[] {
  const count = nodes.length;
  const reach = Math.ceil(Math.floor(count / 2) / 2);
  return nodes.flatMap((from, at) =>
    nodes.flatMap((to, other) => {
      const distance = Math.min((at - other + count) % count, (other - at + count) % count);
      return distance > reach ? [{ from: from.id, to: to.id }] : [];
    }),
  );
}

type LinkWhom = Extract<Whom, "leader" | "one" | "all">;

/** Every link to and from the struck nodes follows a rule. */
function linkFault(
  name: string,
  what: keyof LinkRule,
  ruleOf: (random: Random) => { readonly rule: Partial<LinkRule>; readonly text: string },
): Kind<LinkWhom> {
  return {
    name,
    variants: ["leader", "one", "all"],
    unavailable: ({ network }) => network.lacks(what),
    begin: async (cluster, random, whom) => {
      const struck = await drawAny(cluster, whom, random);
      const { rule, text } = ruleOf(random);
      const rest = cluster.linked.filter((node) => !struck.includes(node));
      const links = [...linksBetween(struck, rest), ...linksFrom(struck, struck)];
      const imposed = await cluster.network.impose(links, rule);
      return {
        text: `links of ${await named(cluster, struck)} ${text}`,
        end: () => imposed.lift(),
      };
    },
  };
}

export const loss = linkFault("loss", "loss", (random) => {
  const share = random.pick(LOSS_SHARES);
  return { rule: { loss: share }, text: `lose ${share * 100} % of packets` };
});

export const delay = linkFault("delay", "delayMs", (random) => {
  const { delayMs, jitterMs } = random.pick(DELAYS_MS);
  return { rule: { delayMs, jitterMs }, text: `delayed by ${delayMs} ± ${jitterMs} ms` };
});

export const throttle = linkFault("throttle", "bitsPerSecond", () => ({
  rule: { bitsPerSecond: THROTTLE_BITS_PER_SECOND },
  text: `narrowed to ${THROTTLE_BITS_PER_SECOND / 1000} kbit/s`,
}));

export const duplicate = linkFault("duplicate", "duplicate", () => ({
  rule: { duplicate: DUPLICATE_SHARE },
  text: `double ${DUPLICATE_SHARE * 100} % of packets`,
}));

export const reorder = linkFault("reorder", "reorder", () => ({
  rule: { reorder: REORDER_SHARE },
  text: `let ${REORDER_SHARE * 100} % of packets be overtaken`,
}));
