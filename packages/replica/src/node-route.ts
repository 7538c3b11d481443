/** What the dispatcher asks of its node: who serves, how far it is, who holds what. */

import { type Index, memberOf, type NodeId, type Raft } from "@redoubt/raft";
import type { Route } from "./dispatcher.js";
import type { Driver } from "./driver.js";
import type { MemoryUse } from "./memory-use.js";
import type { Speculation } from "./speculation.js";

export interface NodeRouteOptions {
  readonly self: NodeId;
  readonly isWitness: boolean;
  /** Bytes; 0: unlimited. */
  readonly maxmemoryBytes: () => number;
}

export class NodeRoute implements Route {
  readonly self: NodeId;
  readonly isWitness: boolean;
  /** Monotonic ms of the turn under way. Set by the owner. */
  nowMs = 0;
  readonly #maxmemoryBytes: () => number;
  readonly #raft: Raft;
  readonly #speculation: Speculation;
  readonly #memory: MemoryUse;
  readonly #driver: () => Driver;

  constructor(
    { self, isWitness, maxmemoryBytes }: NodeRouteOptions,
    raft: Raft,
    speculation: Speculation,
    memory: MemoryUse,
    driver: () => Driver,
  ) {
    this.self = self;
    this.isWitness = isWitness;
    this.#maxmemoryBytes = maxmemoryBytes;
    this.#raft = raft;
    this.#speculation = speculation;
    this.#memory = memory;
    this.#driver = driver;
  }

  get serving(): boolean {
    return this.#speculation.leading;
  }

  get leader(): NodeId {
    return this.#raft.leader || this.#raft.successor;
  }

  get leaderIsWitness(): boolean {
    const { leader } = this;
    return leader !== 0 && memberOf(this.#raft.configuration, leader)?.witness === true;
  }

  get isRemoved(): boolean {
    return this.#raft.isRemoved;
  }

  get nextIndex(): Index {
    return this.#raft.lastIndex + 1;
  }

  get loading(): boolean {
    return this.#driver().isStateless;
  }

  get caughtUp(): boolean {
    return this.#driver().caughtUp;
  }

  get outOfMemory(): boolean {
    const limit = this.#maxmemoryBytes();
    return limit > 0 && this.#memory.usedBytes(this.nowMs) > limit;
  }

  followersWith(index: Index): number {
    const { voters } = this.#raft.configuration;
    let count = 0;
    for (const { id, incarnation, match } of this.#raft.progress()) {
      if (id === this.self || match < index) continue;
      const member = voters.find((voter) => voter.id === id && voter.incarnation === incarnation);
      if (member !== undefined && member.witness !== true) count += 1;
    }
    return count;
  }

  hurry(index: Index, followers: number): void {
    this.#raft.hurry(index, followers);
  }

  isDurableHere(index: Index): boolean {
    return this.#raft.flushed >= index;
  }
}
