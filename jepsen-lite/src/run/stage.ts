/** What a scenario plays on: faults that are begun and taken back by name, each an episode of the history. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, ClusterNode } from "../cluster/cluster.js";
import type { Recorder } from "../history/recorder.js";
import type { FaultInForce } from "../nemesis/fault.js";

/** A fault as a scenario describes it: what it says, and the two things it does. */
export interface Act {
  readonly name: string;
  readonly text: string;
  begin(): Promise<void>;
  end(): Promise<void>;
}

export class Stage {
  readonly cluster: Cluster;
  readonly #recorder: Recorder;
  readonly #inForce: { readonly id: number; readonly act: Act }[] = [];
  #nextId = 1;

  constructor(cluster: Cluster, recorder: Recorder) {
    this.cluster = cluster;
    this.#recorder = recorder;
  }

  wait(seconds: number): Promise<void> {
    return sleep(seconds * 1_000);
  }

  /** Throws when nobody leads: a scenario begins with a cluster that is whole. */
  async leader(): Promise<ClusterNode> {
    const leader = await this.cluster.leader();
    if (leader === null) throw new Error("nobody leads");
    return leader;
  }

  others(...nodes: readonly ClusterNode[]): ClusterNode[] {
    return this.cluster.nodes.filter(({ id }) => nodes.every((node) => node.id !== id));
  }

  async begin(act: Act): Promise<void> {
    const id = this.#nextId++;
    this.#emit(id, act, "begin", act.text);
    this.#inForce.push({ id, act });
    await act.begin();
  }

  /** One of the table of faults. */
  async strike(name: string, begin: () => Promise<FaultInForce>): Promise<void> {
    const id = this.#nextId++;
    const fault = await begin();
    const act: Act = { name, text: fault.text, begin: async () => {}, end: () => fault.end() };
    this.#emit(id, act, "begin", act.text);
    this.#inForce.push({ id, act });
  }

  /** Takes back what is in force, the newest first. */
  async endAll(): Promise<void> {
    for (;;) {
      const newest = this.#inForce.pop();
      if (newest === undefined) return;
      const { id, act } = newest;
      try {
        await act.end();
        this.#emit(id, act, "end", act.text);
      } catch (error) {
        this.#emit(id, act, "failed", `${act.text}: ${String(error)}`);
      }
    }
  }

  #emit(id: number, { name }: Act, phase: "begin" | "end" | "failed", text: string): void {
    const value = { id, phase, text };
    this.#recorder.fault({ process: "nemesis", type: "info", op: name, key: null, value });
  }
}
