/**
 * What a node does to its own cluster: changes of membership and of leadership. Each is begun between two
 * batches, so that it takes no index that was predicted for one (trap 41).
 */

import type {
  ChangeResult,
  ConfigurationChange,
  NodeId,
  Raft,
  TransferRefusal,
} from "@redoubt/raft";
import type { Scheduler } from "./ports.js";
import type { Sealer } from "./sealer.js";
import type { Speculation } from "./speculation.js";

export class LeadershipChanges {
  readonly #raft: Raft;
  readonly #speculation: Speculation;
  readonly #sealer: Sealer;
  readonly #scheduler: Scheduler;
  readonly #isWitness: boolean;

  constructor(
    raft: Raft,
    speculation: Speculation,
    sealer: Sealer,
    scheduler: Scheduler,
    isWitness: boolean,
  ) {
    this.#raft = raft;
    this.#speculation = speculation;
    this.#sealer = sealer;
    this.#scheduler = scheduler;
    this.#isWitness = isWitness;
  }

  /** What the core wants to append or hand over by itself. */
  service(): void {
    const raft = this.#raft;
    if (!this.#mayAppend) return;
    if (raft.wantsConfiguration) {
      this.#sealer.sealOpen();
      this.#sealer.sealedEmpty(raft.takePendingChange());
    }
    const target = raft.transferWanted;
    if (target !== 0) {
      this.#sealer.sealOpen();
      raft.transferLeadership(target);
    }
  }

  changeMembership(change: ConfigurationChange): ChangeResult {
    if (this.#raft.role === "leader" && !this.#mayAppend) {
      return {
        refused: "NOT_READY",
        text: "the leader has not committed an entry of its term yet",
      };
    }
    if (this.#mayAppend) this.#sealer.sealOpen();
    const result = this.#raft.changeConfiguration(change);
    if ("index" in result) {
      this.#sealer.sealedEmpty(result.index);
      this.#scheduler.wake();
    }
    return result;
  }

  transferLeadership(target: NodeId): TransferRefusal | null {
    if (this.#mayAppend) this.#sealer.sealOpen();
    const refusal = this.#raft.transferLeadership(target);
    this.#scheduler.wake();
    return refusal;
  }

  requestLeadership(): boolean {
    const asked = this.#raft.requestTransferToSelf();
    this.#scheduler.wake();
    return asked;
  }

  /** A leader whose own no-op is applied: a witness serves nobody, but changes membership. */
  get #mayAppend(): boolean {
    const { role, ownTermStart } = this.#raft;
    if (this.#speculation.leading) return true;
    return role === "leader" && this.#isWitness && this.#speculation.applied >= ownTermStart;
  }
}
