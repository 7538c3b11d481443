/** Processes and their clocks. */

import { readFileSync } from "node:fs";
import type { ProcessNode } from "../../cluster/process-node.js";
import { pause, until } from "../../cluster/until.js";
import { RespClient } from "../../resp/resp-client.js";
import { SLOW_CPU_SHARE } from "../constants.js";
import { type Check, leaderOf, must, newLeaderAfterMs, silence, under } from "./look.js";

/** Milliseconds three restarts may take on a machine that does other things too. */
const RESTARTS_MS = 200_000;
const BURN_MS = 3_000;

export const processChecks: readonly Check[] = [
  {
    name: "kill:leader",
    act: async (cluster, random) => {
      const old = await leaderOf(cluster);
      return under("kill:leader", cluster, random, async () => {
        must(old.pid === null, "it runs");
        const why = await silence(old);
        must(why?.includes("ECONNREFUSED") === true, `answer: ${why}`);
        return `connections are refused, node ${old.id} is replaced after ${await newLeaderAfterMs(cluster, old)} ms`;
      });
    },
  },
  {
    name: "kill-restart:all",
    act: async (cluster, random) => {
      const before = cluster.nodes.map(({ pid }) => pid);
      return under("kill-restart:all", cluster, random, async () => {
        const after = cluster.nodes.map(({ pid }) => pid);
        must(
          after.every((pid, at) => pid !== null && pid !== before[at]),
          `${before} ${after}`,
        );
        return `processes ${before.join()} are ${after.join()}`;
      });
    },
  },
  {
    name: "pause:leader",
    act: async (cluster, random) => {
      const old = await leaderOf(cluster);
      const seen = await under("pause:leader", cluster, random, async () => {
        const why = await silence(old);
        must(why !== null && !why.includes("ECONNREFUSED"), `answer: ${why}`);
        return `accepts and does not answer (${why}), replaced after ${await newLeaderAfterMs(cluster, old)} ms`;
      });
      await until("an answer of who was paused", () => silence(old));
      return `${seen}, answers again`;
    },
  },
  {
    name: "rolling-restart",
    act: async (cluster, random) => {
      const before = cluster.nodes.map(({ pid }) => pid);
      const seen = await under("rolling-restart", cluster, random, async () => {
        const begunMs = performance.now();
        const isDone = (): boolean => cluster.nodes.every(({ pid }, at) => pid !== before[at]);
        while (!isDone() && performance.now() - begunMs < RESTARTS_MS) await pause(100);
        return `all have new processes after ${Math.round(performance.now() - begunMs)} ms`;
      });
      must(
        cluster.nodes.every(({ pid }, at) => pid !== null && pid !== before[at]),
        "not all were restarted",
      );
      return seen;
    },
  },
  {
    name: "slow-cpu:leader",
    act: async (cluster, random) => {
      const leader = await leaderOf(cluster);
      return under("slow-cpu:leader", cluster, random, async () => {
        const before = cpuSeconds(leader);
        await burn(leader, BURN_MS);
        const share = (cpuSeconds(leader) - before) / (BURN_MS / 1000);
        must(share < 2 * SLOW_CPU_SHARE, `it had ${share.toFixed(2)} of a core`);
        return `under load it had ${share.toFixed(2)} of a core`;
      });
    },
  },
];

/** Of the server's process, since it began. */
function cpuSeconds({ pid }: ProcessNode): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  // User and system time, in the kernel's hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Keeps a server busy with requests in long pipelines. */
async function burn({ host, port }: ProcessNode, ms: number): Promise<void> {
  const client = await RespClient.connect({ host, port, timeoutMs: 60_000 });
  const endMs = performance.now() + ms;
  const commands = Array.from({ length: 1_000 }, (_, at) => ["SET", `burn${at}`, "x"]);
  while (performance.now() < endMs) await Promise.race([client.pipeline(commands), pause(ms)]);
  client.close();
}

/** Milliseconds by which a server's clock is off this process's; 0 if it was right at some time while it was asked. */
async function offMs(node: ProcessNode): Promise<number> {
  const before = Date.now();
  const reply = await node.ask("TIME");
  const after = Date.now();
  if (!Array.isArray(reply)) throw new Error(`no TIME: ${String(reply)}`);
  const there = Number(reply[0]) * 1000 + Number(reply[1]) / 1000;
  return there - Math.min(after, Math.max(before, there));
}

export const clockChecks: readonly Check[] = [
  {
    name: "clock-jump:all",
    act: async (cluster, random) => {
      const seen = await under("clock-jump:all", cluster, random, async ({ text }) => {
        const off = await Promise.all(cluster.nodes.map(offMs));
        must(
          off.every((ms) => Math.abs(ms) > 150),
          off.join(),
        );
        must((await silence(cluster.nodes[0]!)) === null, `silent: ${text}`);
        return `off by ${off.map(Math.round).join(", ")} ms`;
      });
      const off = await Promise.all(cluster.nodes.map(offMs));
      must(
        off.every((ms) => Math.abs(ms) < 100),
        `still off by ${off.join()} ms`,
      );
      return `${seen}, right again`;
    },
  },
  {
    name: "clock-drift:one",
    act: (cluster, random) =>
      under("clock-drift:one", cluster, random, async () => {
        await pause(2_000);
        const off = await Promise.all(cluster.nodes.map(offMs));
        const wrong = off.filter((ms) => Math.abs(ms) > 50);
        must(wrong.length === 1, off.join());
        return `2 s later off by ${off.map(Math.round).join(", ")} ms`;
      }),
  },
];
