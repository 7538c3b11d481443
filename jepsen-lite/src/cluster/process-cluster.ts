/** A cluster of processes on the ground prepared for it: what workloads and faults are given. */

import { rmSync } from "node:fs";
import type { Capabilities } from "./capabilities.js";
import { atExit } from "./child.js";
import type { Cluster } from "./cluster.js";
import type { LinkNetwork } from "./link-network.js";
import type { Ground } from "./place.js";
import type { ProcessNode } from "./process-node.js";
import type { TargetDescription } from "./target.js";
import { until } from "./until.js";

export interface ClusterParts {
  readonly description: TargetDescription;
  readonly ground: Ground;
  readonly capabilities: Capabilities;
  readonly directory: string;
  readonly nodes: readonly ProcessNode[];
  readonly spare: ProcessNode | null;
}

export class ProcessCluster implements Cluster {
  readonly target: string;
  readonly description: TargetDescription;
  readonly capabilities: Capabilities;
  /** All its files. */
  readonly directory: string;
  /** The members it was born with, and has again whenever no fault is in force. */
  readonly nodes: readonly ProcessNode[];
  /** A node that is no member and does not run, until a fault makes it one for a while. null: there is none. */
  readonly spare: ProcessNode | null;
  readonly network: LinkNetwork;
  readonly #ground: Ground;
  readonly #forgetExit: () => void;
  #stopping: Promise<void> | null = null;

  constructor({ description, ground, capabilities, directory, nodes, spare }: ClusterParts) {
    this.target = description.name;
    this.description = description;
    this.capabilities = capabilities;
    this.directory = directory;
    this.nodes = nodes;
    this.spare = spare;
    this.network = ground.network;
    this.#ground = ground;
    this.#forgetExit = atExit(() => {
      for (const { disk } of this.linked) disk.unmountAtExit();
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    });
  }

  /** Those that links lead to: a spare that is a member for a while is one of them. */
  get linked(): readonly ProcessNode[] {
    return this.spare === null ? this.nodes : [...this.nodes, this.spare];
  }

  leader(): Promise<ProcessNode | null> {
    return this.description.leader(this.nodes);
  }

  settled(): Promise<void> {
    const what = `${this.target}: every node serves and follows one leader`;
    return until(what, () => this.description.missing(this.nodes));
  }

  /** Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await Promise.all(this.linked.map((node) => node.stopAll()));
    await this.#ground.takeDown();
    await Promise.all(this.linked.map(({ disk }) => disk.unmount()));
    rmSync(this.directory, { recursive: true, force: true });
    this.#forgetExit();
  }
}

/** Faults need more than `Cluster` says. */
export function asProcessCluster(cluster: Cluster): ProcessCluster {
  if (cluster instanceof ProcessCluster) return cluster;
  throw new Error("faults strike clusters made by startCluster only");
}
