/** The online audit in whole clusters: who agrees, who stops, and what takes part in it. */

import { AUDIT_FORMAT_VERSION, applyBatch, BatchWriter } from "@redoubt/keyspace";
import { type Configuration, MessageType } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { StateDivergedError } from "./errors.js";
import { TestCluster, type TestClusterOptions } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

const INTERVAL_MS = 1000;

function started(options: TestClusterOptions = {}) {
  const cluster = new TestCluster({ auditIntervalMs: INTERVAL_MS, ...options });
  const leader = cluster.elect();
  const others = cluster.nodes.filter((node) => node !== leader);
  return { cluster, leader, others };
}

function write(cluster: TestCluster, leader: TestNode, count: number, prefix = "k"): void {
  const client = leader.connect();
  for (let i = 0; i < count; i++) client.send(`SET ${prefix}${i} v${i}`, `RPUSH l e${i}`);
  cluster.settle();
  expect(client.take().filter((reply) => reply.startsWith("-"))).toEqual([]);
}

/** Writes, and lets time pass until everything written is audited. */
function audit(cluster: TestCluster, leader: TestNode, prefix = "k"): void {
  write(cluster, leader, 10, prefix);
  cluster.advance(INTERVAL_MS + 100);
}

const auditOf = (node: TestNode) => node.replica.status().audit;

/** A change that no entry made. */
function tamper({ replica: { keyspace } }: TestNode): void {
  const batch = new BatchWriter();
  batch.putString("k1", "never written", 0);
  applyBatch(keyspace, batch.take(keyspace.logTimeMs));
}

function errorsOf(node: TestNode): string[] {
  return node.events.map(({ event }) => event).filter((event) => /state.* not |differ/.test(event));
}

describe("three nodes", () => {
  test("trap-31 agree on the state at every check index, while it changes", () => {
    const { cluster, leader } = started({ auditStepWorkMax: 3 });
    for (let round = 0; round < 30; round++) {
      write(cluster, leader, 5, `${round % 7}-`);
      cluster.advance(150, 7);
    }
    cluster.advance(2 * INTERVAL_MS);
    const [first, ...rest] = cluster.nodes.map(auditOf);
    expect(first).toMatchObject({ verdict: "ok", mismatches: 0, underWay: false });
    expect(first!.done).toBeGreaterThan(3);
    expect(rest).toEqual([first, first]);
    expect(first!.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(first!.index).toBe(leader.replica.status().applied);
  });

  test("an idle cluster is audited once, and its log does not grow", () => {
    const { cluster, leader } = started();
    audit(cluster, leader);
    const { index, done } = auditOf(leader);
    const { turns } = leader;
    const { appended } = leader.replica.status();
    cluster.advance(20 * INTERVAL_MS);
    expect(leader.replica.status().appended).toBe(appended);
    expect(auditOf(leader)).toMatchObject({ index, done });
    // Heartbeats are all that wakes it.
    const idle = leader.turns - turns;
    const without = new TestCluster();
    const plain = without.elect();
    const before = plain.turns;
    without.advance(20 * INTERVAL_MS);
    expect(idle).toBeLessThanOrEqual((plain.turns - before) * 1.1);
  });

  test("trap-32 a check index that is taken back with its leader's term leaves no digest", () => {
    const { cluster, leader } = started({ auditIntervalMs: 100 });
    audit(cluster, leader);
    const { index, done } = auditOf(leader);
    // It goes on leading for a while, alone, and audits what nobody else will ever have.
    cluster.isolate(leader);
    leader.connect().send("SET lost 1");
    const next = cluster.depose(leader);
    expect(leader.events.map(({ event }) => event)).toContain("audit given up");
    expect(auditOf(leader)).toMatchObject({ index, done });
    cluster.heal();
    audit(cluster, next, "n");
    const [first, ...rest] = cluster.nodes.map(auditOf);
    expect(first).toMatchObject({ verdict: "ok", mismatches: 0 });
    expect(first!.index).toBeGreaterThan(index);
    expect(rest.map(({ digest }) => digest)).toEqual([first!.digest, first!.digest]);
  });

  test("trap-31 a leader that changes between a check index and its commit changes no digest", () => {
    const { cluster, leader } = started({ auditIntervalMs: 100 });
    write(cluster, leader, 20);
    // It is appended everywhere, and its leader never learns that.
    cluster.lose = ({ type, to }) => type === MessageType.appendResponse && to === leader.id;
    const { done } = auditOf(leader);
    leader.connect().send("SET late 1");
    cluster.advance(200);
    const { appended, applied } = leader.replica.status();
    expect(appended).toBeGreaterThan(applied);
    const next = cluster.depose(leader);
    cluster.loseNothing();
    cluster.heal();
    cluster.advance(2 * ELECTION_TIMEOUT_MS);
    const check = auditOf(next);
    expect(check.done).toBeGreaterThan(done);
    expect(check).toMatchObject({ verdict: "ok", mismatches: 0 });
    const all = cluster.nodes.map(auditOf);
    expect(all.map(({ index, digest }) => [index, digest])).toEqual(
      Array(3).fill([check.index, check.digest]),
    );
  });
});

describe("a node whose state is another", () => {
  test("stops and says so, and the others go on", () => {
    const { cluster, leader, others } = started();
    audit(cluster, leader);
    const wrong = others[0]!;
    wrong.fatalExpected = true;
    tamper(wrong);
    audit(cluster, leader, "other");
    expect(wrong.fatal).toBeInstanceOf(StateDivergedError);
    const { message, code } = wrong.fatal as StateDivergedError;
    const { index, digest } = auditOf(leader);
    expect(code).toBe("STATE_DIVERGED");
    expect(message).toContain(`index ${index}`);
    expect(message).toContain(digest);
    expect(errorsOf(wrong)).toContain("this node's state is not that of most members: it stops");
    for (const right of [leader, others[1]!]) {
      expect(right.fatal).toBeNull();
      expect(auditOf(right)).toMatchObject({ verdict: "differs", mismatches: 1 });
      const event = right.events.find(({ event }) => event.startsWith("a member's state"));
      expect(event?.fields).toMatchObject({ index, wrong: [wrong.id], right: digest });
    }
    const client = leader.connect().send("GET other1");
    cluster.settle();
    expect(client.take()).toEqual(["$2 v1"]);
  });

  test("started again, it has built its state anew and agrees", () => {
    const { cluster, leader, others } = started();
    const wrong = others[0]!;
    wrong.fatalExpected = true;
    audit(cluster, leader);
    tamper(wrong);
    audit(cluster, leader, "other");
    expect(wrong.fatal).not.toBeNull();
    const again = cluster.restart(wrong);
    audit(cluster, leader, "more");
    expect(auditOf(again)).toMatchObject({ verdict: "ok", digest: auditOf(leader).digest });
  });

  test("stops also if it leads, and another leads", () => {
    const { cluster, leader } = started();
    audit(cluster, leader);
    leader.fatalExpected = true;
    tamper(leader);
    audit(cluster, leader, "other");
    expect(leader.fatal).toBeInstanceOf(StateDivergedError);
    cluster.isolate(leader);
    const next = cluster.elect();
    expect(next).not.toBe(leader);
    const client = next.connect().send("GET other1").send("GET k1");
    cluster.settle();
    expect(client.take()).toEqual(["$2 v1", "$2 v1"]);
  });

  test("is not told from a right one when only two are there: both say so, and go on", () => {
    const { cluster, leader, others } = started();
    audit(cluster, leader);
    const [wrong, away] = others;
    away!.stopped = true;
    tamper(wrong!);
    audit(cluster, leader, "other");
    for (const node of [leader, wrong!]) {
      expect(node.fatal).toBeNull();
      expect(auditOf(node)).toMatchObject({ verdict: "differs", mismatches: 1 });
      expect(errorsOf(node)).toHaveLength(1);
      expect(errorsOf(node)[0]).toContain("nobody can tell who is right");
    }
    // The third comes back, applies the same entries, and tells who is right.
    away!.stopped = false;
    wrong!.fatalExpected = true;
    cluster.advance(ELECTION_TIMEOUT_MS);
    expect([leader.fatal, away!.fatal]).toEqual([null, null]);
    expect(wrong!.fatal).toBeInstanceOf(StateDivergedError);
  });
});

describe("who takes part", () => {
  test("a node that was away and got a snapshot takes part in the next audit", () => {
    const { cluster, leader, others } = started();
    const away = others[0]!;
    cluster.isolate(away);
    audit(cluster, leader);
    audit(cluster, leader, "other");
    leader.makeSnapshot();
    cluster.heal();
    cluster.until(() => away.events.some(({ event }) => event === "snapshot installed"));
    audit(cluster, leader, "more");
    expect(auditOf(away)).toMatchObject({ index: auditOf(leader).index, verdict: "ok" });
    expect(auditOf(away).digest).toBe(auditOf(leader).digest);
  });

  test("a witness holds no state and is told nothing", () => {
    const { cluster, leader, others } = started({ witnesses: [3] });
    const data = cluster.nodes[leader.id === 1 ? 1 : 0]!;
    audit(cluster, leader);
    expect(auditOf(data)).toMatchObject({ verdict: "ok", digest: auditOf(leader).digest });
    expect(auditOf(cluster.nodes[2]!)).toMatchObject({ index: 0, done: 0 });
    expect(others.every((node) => node.fatal === null)).toBe(true);
    tamper(data);
    audit(cluster, leader, "other");
    expect(cluster.nodes.map(({ fatal }) => fatal)).toEqual([null, null, null]);
    expect(auditOf(leader)).toMatchObject({ verdict: "differs", mismatches: 1 });
  });

  test("digests of another format or of a stranger's incarnation are not compared", () => {
    const { cluster, leader, others } = started();
    audit(cluster, leader);
    const { index, digest } = auditOf(leader);
    const { term } = leader.replica.status();
    const other = others[0]!;
    const ends = { from: other.id, to: leader.id, incarnation: 1, toIncarnation: 1 };
    const report = { ...ends, index, term, format: AUDIT_FORMAT_VERSION, digest: "0".repeat(16) };
    leader.replica.receiveAudit({ ...report, format: AUDIT_FORMAT_VERSION + 1 });
    leader.replica.receiveAudit({ ...report, incarnation: 2 });
    leader.replica.receiveAudit({ ...report, toIncarnation: 2 });
    leader.replica.receiveAudit({ ...report, term: term + 1 });
    cluster.settle();
    expect(auditOf(leader)).toMatchObject({ index, digest, verdict: "ok", mismatches: 0 });
    expect(errorsOf(leader)).toEqual([]);
    // What is lost of the others' is no finding either.
    const lost = (message: { type: number }) => message.type === MessageType.append;
    cluster.lose = lost;
    cluster.advance(100);
    expect(auditOf(leader).verdict).toBe("ok");
  });
});

test("no interval, no check index", () => {
  const { cluster, leader } = started({ auditIntervalMs: 0 });
  audit(cluster, leader);
  cluster.advance(10 * INTERVAL_MS);
  expect(auditOf(leader)).toMatchObject({ index: 0, done: 0, verdict: "unknown" });
  const { configuration }: { configuration: Configuration } = leader.replica.status();
  expect(configuration.voters).toHaveLength(3);
});
