import { expect, test } from "vitest";
import type { Cluster, ClusterNode } from "../cluster/cluster.js";
import { LeaderRouter, RedirectRouter } from "./router.js";

function clusterOf(leader: () => Promise<ClusterNode | null>): Cluster {
  const nodes = [1, 2, 3].map((id) => ({ id, host: `10.0.0.${id}`, port: 6379 }) as ClusterNode);
  return { nodes, leader } as unknown as Cluster;
}

test("who follows redirections goes where it is told, and on to the next when that is lost", async () => {
  const cluster = clusterOf(async () => null);
  const router = new RedirectRouter(cluster);
  const [first, second, third] = cluster.nodes;
  expect(await router.choose(null)).toBe(first);
  expect(router.moved("MOVED 1234 10.0.0.3:6379")).toBe(third);
  expect(await router.choose(first!)).toBe(third);
  expect(await router.choose(third!)).toBe(first);
  expect(await router.choose(first!)).toBe(second);
  expect(router.moved("MOVED 1234 10.9.9.9:6379")).toBeNull();
  router.moved("MOVED 1234 10.0.0.3:6379");
  router.forget();
  expect(await router.choose(null)).toBe(second);
});

test("who asks for the leader asks once for all that ask at a time", async () => {
  let asked = 0;
  const cluster = clusterOf(async () => {
    asked += 1;
    return cluster.nodes[1]!;
  });
  const router = new LeaderRouter(cluster);
  expect(await Promise.all([router.choose(), router.choose()])).toEqual([
    cluster.nodes[1],
    cluster.nodes[1],
  ]);
  expect(asked).toBe(1);
  await router.choose();
  expect(asked).toBe(2);
});

test("when nobody can be asked nobody leads", async () => {
  const router = new LeaderRouter(clusterOf(() => Promise.reject(new Error("no sentinel"))));
  expect(await router.choose()).toBeNull();
});
