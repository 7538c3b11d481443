/**
 * Random pipelines on random connections while leadership comes and goes: nothing lost, doubled, crossed
 * or invented, and state is always what the committed log says.
 */

import { applyBatch, Keyspace, stateDigest } from "@redoubt/keyspace";
import { type Entry, EntryKind } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import type { EntryObserver } from "./ports.js";
import { type CounterBounds, RandomSession } from "./testing/random-session.js";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

function rebuilt(entries: readonly Entry[]): string {
  const keyspace = new Keyspace();
  for (const { kind, payload } of entries) {
    if (kind === EntryKind.batch) applyBatch(keyspace, payload);
  }
  return stateDigest(keyspace);
}

class Run {
  readonly cluster: TestCluster;
  readonly counters = new Map<string, CounterBounds>();
  readonly applied = new Map<number, Entry[]>();
  readonly problems: string[] = [];
  sessions: RandomSession[] = [];
  rollbacks = 0;

  constructor(seed: number) {
    this.cluster = new TestCluster({ seed, observer: (node) => this.#observer(node) });
  }

  play(steps: number): void {
    const { cluster } = this;
    cluster.elect();
    for (let step = 0; step < steps; step++) {
      this.#disturb();
      while (this.sessions.length < 6) this.#connect();
      for (const session of this.sessions) if (cluster.random() < 0.5) session.sendSome();
      cluster.advance(cluster.random() < 0.2 ? 400 : 1 + cluster.below(20), 20);
      this.#check();
    }
    this.#calm();
  }

  #observer(node: TestNode): EntryObserver {
    const applied: Entry[] = [];
    this.applied.set(node.id, applied);
    return {
      sealed: () => undefined,
      applied: (entry) => applied.push(entry),
      rolledBack: () => {
        this.rollbacks += 1;
        // trap-32: what is left is what the committed log says, nothing more and nothing less.
        if (node.replica.stateDigest().digest !== rebuilt(applied)) {
          this.problems.push(`node ${node.id} was not rolled back to its committed log`);
        }
      },
      turnEnded: () => undefined,
    };
  }

  #connect(): void {
    const { cluster } = this;
    const node = cluster.nodes[cluster.below(cluster.nodes.length)]!;
    this.sessions.push(new RandomSession(node, () => cluster.random(), this.counters));
  }

  #disturb(): void {
    const { cluster } = this;
    const node = cluster.nodes[cluster.below(cluster.nodes.length)]!;
    const dice = cluster.random();
    if (dice < 0.15) cluster.isolate(node);
    else if (dice < 0.35) cluster.heal();
    else if (dice < 0.42) cluster.withholdCommits();
    else if (dice < 0.45) cluster.withholdConfirmations();
    else if (dice < 0.51) cluster.withholdAcknowledgements();
    else if (dice < 0.6) cluster.loseNothing();
    else if (dice < 0.66) node.disk.held = true;
    else if (dice < 0.8) for (const each of cluster.nodes) each.disk.held = false;
    else if (dice < 0.86) node.wallOffsetMs = cluster.below(2000) - 1000;
    else if (dice < 0.9) node.stopped = !node.stopped;
    else if (dice < 0.94) this.sessions.pop()?.close();
  }

  #check(): void {
    for (const session of this.sessions) {
      const problem = session.check();
      if (problem !== null) this.problems.push(problem);
    }
  }

  #calm(): void {
    const { cluster } = this;
    cluster.heal();
    cluster.loseNothing();
    for (const node of cluster.nodes) {
      node.disk.held = false;
      node.stopped = false;
    }
    for (const session of this.sessions) session.finish();
    cluster.elect();
    cluster.advance(4000, 50);
    this.#check();
  }
}

describe.each(Array.from({ length: 24 }, (_, i) => i + 1))("seed %i", (seed) => {
  test("traps 30, 32, 36, 37: every request has its own reply, and the log explains the state", () => {
    const run = new Run(seed);
    run.play(120);
    expect(run.problems).toEqual([]);
    for (const session of run.sessions) {
      expect(session.outstanding).toBe(0);
      expect(session.client.incomplete).toBe(false);
    }
    const leader = run.cluster.elect();
    for (const node of run.cluster.nodes) {
      const { counters, memory } = node.replica.status();
      expect(counters).toMatchObject({ hazards: 0, waitingSessions: 0, parkedSessions: 0 });
      expect(memory.undoBytes).toBe(0);
      expect(node.replica.stateDigest().digest).toBe(rebuilt(run.applied.get(node.id)!));
      expect(node.replica.stateDigest()).toEqual(leader.replica.stateDigest());
    }
    for (const [counter, { acknowledged, unknown }] of run.counters) {
      const value = Number(leader.replica.keyspace.peek(counter) ?? 0);
      expect(value).toBeGreaterThanOrEqual(acknowledged);
      expect(value).toBeLessThanOrEqual(acknowledged + unknown);
    }
    for (const session of run.sessions) session.close();
    for (const node of run.cluster.nodes) expect(node.replica.keyspace.watchedSize).toBe(0);
    expect(run.rollbacks).toBeGreaterThan(0);
  });
});
