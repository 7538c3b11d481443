/** Wall clocks that jump: what is told, and what becomes of deadlines, which go by log time. */

import { describe, expect, test } from "vitest";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";
import { WallClockJumps } from "./wall-clock-jumps.js";

const HOUR_MS = 3_600_000;

function told(node: TestNode): object[] {
  return node.events.flatMap(({ event, fields }) =>
    event.startsWith("the wall clock jumped") ? [fields] : [],
  );
}

describe("a jump is told", () => {
  test.each([HOUR_MS, -HOUR_MS, 1500, -1500])(
    "trap-15 once, with its size, on idle followers and the idle leader alike: %d ms",
    (jumpMs) => {
      const cluster = new TestCluster();
      cluster.elect();
      cluster.advance(500);
      for (const node of cluster.nodes) node.wallOffsetMs += jumpMs;
      // Two heartbeats: nothing else wakes an idle node.
      cluster.advance(150);
      for (const node of cluster.nodes) {
        expect(told(node)).toEqual([{ jumpMs: expect.closeTo(jumpMs, -1), jumps: 1 }]);
        const { wallClock } = node.replica.status();
        expect(wallClock.jumps).toBe(1);
        expect(wallClock.lastJumpMs).toBeCloseTo(jumpMs, -1);
        expect(Math.abs(node.wallMs - wallClock.lastJumpSeenAtMs)).toBeLessThanOrEqual(150);
      }
      for (const node of cluster.nodes) node.wallOffsetMs -= jumpMs;
      cluster.advance(2000);
      for (const node of cluster.nodes) {
        expect(told(node)).toHaveLength(2);
        expect(node.replica.status().wallClock.lastJumpMs).toBeCloseTo(-jumpMs, -1);
      }
    },
  );

  test("a suspended machine, whose monotonic clock stood still, sees one, too", () => {
    const cluster = new TestCluster({ nodes: 1 });
    const node = cluster.elect();
    node.stopped = true;
    cluster.advance(30_000, 1000);
    node.clockLostMs += 30_000;
    node.stopped = false;
    cluster.advance(200);
    expect(told(node)).toEqual([{ jumpMs: expect.closeTo(30_000, -2), jumps: 1 }]);
  });

  test("a process that was stopped while both clocks ran, and small steps, are no jumps", () => {
    const cluster = new TestCluster({ nodes: 1 });
    const node = cluster.elect();
    node.stopped = true;
    cluster.advance(30_000, 1000);
    node.stopped = false;
    cluster.advance(200);
    for (let step = 0; step < 20; step++) {
      node.wallOffsetMs += 900;
      cluster.advance(100);
    }
    expect(told(node)).toEqual([]);
    expect(node.replica.status().wallClock.jumps).toBe(0);
  });

  test("a process that was stopped between its looks at the two clocks sees no jump", () => {
    let monotonic = 0;
    let stoppedMs = 0;
    const lines: object[] = [];
    const line = (fields: object): void => {
      lines.push(fields);
    };
    const clock = {
      monotonicMs: () => monotonic,
      wallMs: () => {
        monotonic += stoppedMs;
        stoppedMs = 0;
        return 1_000_000 + monotonic;
      },
    };
    const jumps = new WallClockJumps(clock, { debug: line, info: line, warn: line, error: line });
    stoppedMs = 60_000;
    jumps.look();
    jumps.look();
    expect(lines).toEqual([]);
    expect(jumps.count).toBe(0);
  });
});

describe("deadlines go by log time", () => {
  test("trap-55 a leader an hour ahead: keys go early on every node, log time never goes back, TTLs stand until time catches up", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().send("SET early v PX 60000");
    cluster.settle();
    leader.wallOffsetMs = HOUR_MS;
    cluster.advance(500);
    // Nobody asked, and nobody's own clock says so: the entry's log time does.
    for (const node of cluster.nodes) expect(node.replica.keyspace.peek("early")).toBeUndefined();
    const ahead = leader.replica.status().logTimeMs;
    expect(ahead).toBeGreaterThan(cluster.nodes[1]!.wallMs - cluster.nodes[1]!.wallOffsetMs);
    client.send("SET k v PX 10000", "PTTL k");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "+OK", ":10000"]);

    const next = cluster.depose(leader);
    const other = next.connect().send("PTTL k", "SET n v PX 5000");
    cluster.advance(100);
    expect(next.replica.status().logTimeMs).toBeGreaterThanOrEqual(ahead);
    const [left] = other.take();
    // Its own clock is behind log time, which stands still until then.
    cluster.advance(20_000, 100);
    other.send("PTTL k", "PTTL n");
    cluster.advance(100);
    expect(other.take()).toEqual([left, ":5000"]);
    next.wallOffsetMs = HOUR_MS;
    cluster.advance(500);
    other.send("PTTL n");
    cluster.advance(100);
    expect(other.take()).toEqual([":-2"]);
  });

  test("trap-34 a leader an hour behind: nothing comes back, nothing goes until its clock has caught up", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().send("SET gone v PX 50", "SET k v PX 10000");
    cluster.advance(1000);
    const before = leader.replica.status().logTimeMs;
    leader.wallOffsetMs = -HOUR_MS;
    cluster.advance(20_000, 100);
    client.send("GET gone", "GET k", "SET n v PX 50");
    cluster.advance(1000);
    expect(client.take()).toEqual(["+OK", "+OK", "$-1", "$1 v", "+OK"]);
    expect(leader.replica.status().logTimeMs).toBeGreaterThanOrEqual(before);
    for (const node of cluster.nodes) expect(node.replica.keyspace.size).toBe(2);
  });
});
