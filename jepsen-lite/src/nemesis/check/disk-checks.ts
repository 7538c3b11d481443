/** Disks: what is there after the power went, and who stops when the disk fails. */

import type { ProcessCluster } from "../../cluster/process-cluster.js";
import type { Random } from "../../random.js";
import { type Check, countOf, leaderOf, must, under, writeFor } from "./look.js";

/** Milliseconds of writes before the power goes. */
const WRITE_MS = 3_000;

/** What a target promises of acknowledged writes when all its nodes lose power at once, and when disks lie. */
type Keeps = "all" | "some";

export function diskChecks(target: string): Check[] {
  const keeps: Keeps =
    target === "redis-aof-everysec" || target === "redis-aof-no" ? "some" : "all";
  const isRedoubt = target.startsWith("redoubt");
  const checks: Check[] = [
    {
      name: "power-loss-restart:all",
      act: async (cluster, random) => {
        const { acknowledged, left, text } = await loseAll(
          cluster,
          random,
          "power-loss-restart:all",
        );
        const seen = `${text} | ${acknowledged} acknowledged, ${acknowledged - left} lost`;
        must(keeps === "all" ? left === acknowledged : left < acknowledged, seen);
        return seen;
      },
    },
    {
      name: "lying-fsync:all",
      act: async (cluster, random) => {
        const { acknowledged, left, text } = await loseAll(cluster, random, "lying-fsync:all");
        const seen = `${text} | ${acknowledged} acknowledged, ${acknowledged - left} lost`;
        must(left < acknowledged, seen);
        return seen;
      },
    },
    {
      name: "fsync-delay:all",
      act: async (cluster, random) => {
        const before = await writeFor(await leaderOf(cluster), 1_000, "delay:before:");
        return under("fsync-delay:all", cluster, random, async () => {
          const during = (await writeFor(await leaderOf(cluster), 2_000, "delay:during:")) / 2;
          return `${before} writes a second, then ${during}`;
        });
      },
    },
    {
      name: "fsync-error:leader",
      act: (cluster, random) =>
        leaderOf(cluster).then((leader) =>
          under("fsync-error:leader", cluster, random, async () => {
            const count = await writeFor(leader, 2_000, "error:");
            if (isRedoubt) await leader.ended(5_000);
            return `${count} more acknowledged; the server ${leader.ending ?? "goes on"}`;
          }),
        ),
    },
    {
      name: "disk-full:leader",
      act: (cluster, random) =>
        leaderOf(cluster).then((leader) =>
          under("disk-full:leader", cluster, random, async () => {
            const count = await writeFor(leader, 2_000, "full:");
            if (isRedoubt) await leader.ended(5_000);
            return `${count} more acknowledged; the server ${leader.ending ?? "goes on"}`;
          }),
        ),
    },
  ];
  if (!isRedoubt) return checks;
  // Files: who finds them damaged asks the others, and is filled again.
  const damages = ["flip:one", "truncate:one", "delete:leader", "wipe:one"].map(
    (name): Check => ({
      name,
      act: async (cluster, random) => {
        await writeFor(await leaderOf(cluster), 500, `${name}:`);
        return under(name, cluster, random, async () => {
          await cluster.settled();
          return "all serve again";
        });
      },
    }),
  );
  return [...checks, ...damages, ...damages];
}

interface Lost {
  readonly acknowledged: number;
  readonly left: number;
  readonly text: string;
}

async function loseAll(cluster: ProcessCluster, random: Random, name: string): Promise<Lost> {
  const prefix = `${name}:${random.below(1_000_000)}:`;
  let acknowledged = 0;
  const write = async (): Promise<void> => {
    acknowledged = await writeFor(await leaderOf(cluster), WRITE_MS, prefix);
  };
  // A lie has to be told before it is found out; power is lost in the middle of writes.
  const isLie = name.startsWith("lying");
  const writing = isLie ? null : write();
  if (!isLie) await new Promise((resolve) => setTimeout(resolve, WRITE_MS / 2));
  const text = await under(name, cluster, random, async () => {
    if (isLie) await write();
    return "";
  });
  await writing;
  await cluster.settled();
  const left = await countOf(await leaderOf(cluster), prefix, acknowledged);
  return { acknowledged, left, text };
}
