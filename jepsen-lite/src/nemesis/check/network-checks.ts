/** Links, seen by datagrams that one node's namespace sends another's, and by what the cluster does. */

import type { LinkRule } from "../../cluster/link-rule.js";
import type { ProcessCluster } from "../../cluster/process-cluster.js";
import type { ProcessNode } from "../../cluster/process-node.js";
import { tool } from "../../cluster/tool.js";
import { type Check, leaderOf, must, newLeaderAfterMs, under, writeFor } from "./look.js";

const DATAGRAMS = 1_000;
const DATAGRAM_BYTES = 100;
const DATAGRAM_PORT = 9_999;

interface Arrivals {
  readonly distinct: number;
  readonly doubled: number;
  readonly overtaken: number;
  /** Milliseconds one way, median. */
  readonly medianMs: number;
  /** From the first arrival to the last. */
  readonly spanMs: number;
}

const receiver = `
  const socket = require("node:dgram").createSocket("udp4");
  const seen = [];
  socket.on("message", (m) => {
    seen.push([m.readUInt32BE(0), Number(process.hrtime.bigint() - m.readBigUInt64BE(4)) / 1e6, performance.now()]);
  });
  socket.bind(+process.argv[2], process.argv[1]);
  setTimeout(() => { process.stdout.write(JSON.stringify(seen)); process.exit(); }, +process.argv[3]);`;
const sender = `
  const socket = require("node:dgram").createSocket("udp4");
  const [host, port, count, bytes] = process.argv.slice(1);
  let at = 0;
  const timer = setInterval(() => {
    for (let burst = 0; burst < 5; burst++) {
      const m = Buffer.alloc(+bytes);
      m.writeUInt32BE(at, 0);
      m.writeBigUInt64BE(process.hrtime.bigint(), 4);
      socket.send(m, +port, host);
      if (++at >= +count) { clearInterval(timer); return setTimeout(() => process.exit(), 50); }
    }
  }, 2);`;

/** Over the link from one node to another. */
async function arrivals(from: ProcessNode, to: ProcessNode, forMs = 2_500): Promise<Arrivals> {
  const inside = (node: ProcessNode, code: string, args: readonly (string | number)[]) => {
    const [command, ...prefix] = node.place.prefix;
    return tool(command!, [...prefix, process.execPath, "-e", code, ...args.map(String)]);
  };
  const { peerHost } = to.place;
  const received = inside(to, receiver, [peerHost, DATAGRAM_PORT, forMs]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await inside(from, sender, [peerHost, DATAGRAM_PORT, DATAGRAMS, DATAGRAM_BYTES]);
  const seen = JSON.parse(await received) as [number, number, number][];
  const numbers = seen.map(([number]) => number);
  const highest = numbers.map((_, at) => Math.max(...numbers.slice(Math.max(0, at - 100), at + 1)));
  const delays = seen.map(([, ms]) => ms).toSorted((a, b) => a - b);
  return {
    distinct: new Set(numbers).size,
    doubled: numbers.length - new Set(numbers).size,
    overtaken: numbers.filter((number, at) => number < highest[at]!).length,
    medianMs: delays[Math.floor(delays.length / 2)] ?? Number.NaN,
    spanMs: seen.length === 0 ? 0 : seen.at(-1)![2] - seen[0]![2],
  };
}

function shown({ distinct, doubled, overtaken, medianMs, spanMs }: Arrivals): string {
  return `${distinct} of ${DATAGRAMS} arrived, ${doubled} twice, ${overtaken} overtaken, ${medianMs.toFixed(2)} ms, in ${Math.round(spanMs)} ms`;
}

function linkCheck(
  name: string,
  rule: Partial<LinkRule>,
  isAsItShould: (there: Arrivals, back: Arrivals) => boolean,
): Check {
  return {
    name,
    act: async ({ network, nodes }) => {
      const [a, b] = [nodes[0]!, nodes[1]!];
      const imposed = await network.impose([{ from: a.id, to: b.id }], rule);
      const there = await arrivals(a, b);
      const back = await arrivals(b, a);
      await imposed.lift();
      const text = `there: ${shown(there)}; back: ${shown(back)}`;
      must(isAsItShould(there, back), text);
      return text;
    },
  };
}

const isWhole = ({ distinct, doubled, overtaken }: Arrivals): boolean =>
  distinct === DATAGRAMS && doubled === 0 && overtaken === 0;
const isNear = (value: number, wanted: number, within: number): boolean =>
  Math.abs(value - wanted) <= within;

export const networkChecks: readonly Check[] = [
  linkCheck("link without a rule", {}, (there, back) => isWhole(there) && isWhole(back)),
  linkCheck(
    "link cut one way",
    { cut: true },
    (there, back) => there.distinct === 0 && isWhole(back),
  ),
  linkCheck(
    "link loses 15 %",
    { loss: 0.15 },
    (there, back) => isNear(there.distinct, DATAGRAMS * 0.85, 45) && isWhole(back),
  ),
  linkCheck(
    "link doubles 30 %",
    { duplicate: 0.3 },
    (there, back) => isNear(there.doubled, DATAGRAMS * 0.3, 60) && isWhole(back),
  ),
  linkCheck(
    "link reorders 30 %",
    { reorder: 0.3 },
    (there, back) => isNear(there.overtaken, DATAGRAMS * 0.3, 100) && isWhole(back),
  ),
  linkCheck(
    "link delays 100 ± 50 ms",
    { delayMs: 100, jitterMs: 50 },
    (there, back) =>
      isNear(there.medianMs, 140, 45) && there.overtaken === 0 && isWhole(there) && isWhole(back),
  ),
  linkCheck(
    "link of 800 kbit/s",
    { bitsPerSecond: 800_000 },
    // 1 000 datagrams of 128 bytes with their headers take 1.28 s.
    (there, back) => isNear(there.spanMs, 1_280, 150) && isWhole(there) && isWhole(back),
  ),
  ...(["isolate-leader", "halves", "majorities-ring", "one-way", "leader-and-one"] as const).map(
    (shape): Check => ({
      name: `partition:${shape}`,
      act: (cluster, random) =>
        under(
          `partition:${shape}`,
          cluster,
          random,
          async () => `can speak: ${await pairs(cluster)}`,
        ),
    }),
  ),
  ...["loss:all", "delay:leader", "throttle:leader", "duplicate:one", "reorder:all"].map(
    (name): Check => ({
      name,
      act: (cluster, random) =>
        under(name, cluster, random, async () => {
          const leader = await leaderOf(cluster);
          const other = cluster.nodes.find((node) => node !== leader)!;
          return `leader to node ${other.id}: ${shown(await arrivals(leader, other))}`;
        }),
    }),
  ),
  {
    name: "two rules, one lifted",
    act: async ({ network, nodes }) => {
      const [a, b] = [nodes[0]!, nodes[1]!];
      const link = [{ from: a.id, to: b.id }];
      const cut = await network.impose(link, { cut: true });
      const other = await network.impose(link, { cut: true });
      await cut.lift();
      const still = await arrivals(a, b, 1_000);
      await other.lift();
      const healed = await arrivals(a, b);
      must(still.distinct === 0 && isWhole(healed), `${shown(still)}, then ${shown(healed)}`);
      return "the other one stays in force";
    },
  },
];

/** Between which nodes datagrams pass, by the way they go. */
async function pairs({ nodes }: ProcessCluster): Promise<string> {
  const ways = nodes.flatMap((from) =>
    nodes.filter((to) => to !== from).map((to) => ({ from, to })),
  );
  const seen: string[] = [];
  for (const { from, to } of ways) {
    if ((await arrivals(from, to, 1_000)).distinct > 0) seen.push(`${from.id}>${to.id}`);
  }
  return seen.join(" ");
}

/** What proxies can do, seen by elections and the time a write takes. */
export const proxyChecks: readonly Check[] = [
  {
    name: "partition:isolate-leader",
    act: (cluster, random) =>
      leaderOf(cluster).then((old) =>
        under("partition:isolate-leader", cluster, random, async () => {
          const afterMs = await newLeaderAfterMs(cluster, old);
          const leader = await leaderOf(cluster);
          const [cutOff, majority] = [
            await writeFor(old, 500, "proxied:old:"),
            await writeFor(leader, 500, "proxied:new:"),
          ];
          must(cutOff === 0 && majority > 0, `${cutOff} writes by the old, ${majority} by the new`);
          return `node ${leader.id} leads after ${afterMs} ms, ${majority} writes there, none here`;
        }),
      ),
  },
  {
    name: "partition:one-way",
    act: (cluster, random) =>
      under("partition:one-way", cluster, random, async () => {
        const leader = await leaderOf(cluster);
        return `${await writeFor(leader, 2_000, "proxied:one-way:")} writes`;
      }),
  },
  {
    name: "delay:all",
    act: async (cluster, random) => {
      const before = await writeFor(await leaderOf(cluster), 1_000, "proxied:before:");
      return under("delay:all", cluster, random, async () => {
        const delayed = await writeFor(await leaderOf(cluster), 2_000, "proxied:delayed:");
        must(delayed < before / 4, `${before} writes a second before, ${delayed / 2} delayed`);
        return `${before} writes a second before, ${delayed / 2} delayed`;
      });
    },
  },
  {
    name: "throttle:all",
    act: async (cluster, random) =>
      under("throttle:all", cluster, random, async () => {
        const count = await writeFor(await leaderOf(cluster), 2_000, "proxied:narrow:");
        return `${count / 2} writes of 100 bytes a second`;
      }),
  },
];
