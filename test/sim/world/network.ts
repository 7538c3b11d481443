/**
 * Messages between nodes: delayed, lost, duplicated, reordered, cut by partitions; a bit of what a log is to
 * keep may flip under way. The rest of a message is never damaged: the transport's own checksums are for that.
 *
 * Pieces of a snapshot keep their order while nothing goes wrong, as on a stream: out of order, hundreds of
 * them would take as many pauses.
 */

import { type Message, MessageType, type NodeId } from "@redoubt/raft";
import type { AuditReport } from "@redoubt/replica";
import type { EventQueue } from "./event-queue.js";
import type { SeededRandom } from "./random.js";

export interface NetworkFaults {
  /** Probability that a message is lost, or sent twice. */
  loss: number;
  duplication: number;
  /** Probability that an append arrives with one bit of one entry's payload flipped. */
  damage: number;
  /** Mean one-way delay in ms, exponentially distributed over a floor of 0.05 ms: this reorders. */
  delayMs: number;
}

/** Takes back what a fault did to links; a second call does nothing. */
export type Heal = () => void;

const PAST_MAX = 4096;
const CALM_DELAY_MS = 0.2;
const AUDIT_DELAY_MS = 0.5;

export class SimulatedNetwork {
  readonly faults: NetworkFaults = {
    loss: 0,
    duplication: 0,
    damage: 0,
    delayMs: CALM_DELAY_MS,
  };
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #deliver: (message: Message) => void;
  /** Directed links that carry nothing, and how many faults say so. */
  readonly #cut = new Map<number, number>();
  /** Directed links that take longer, in ms. */
  readonly #slow = new Map<number, number>();
  /** When the last piece of a snapshot arrives, by link. */
  readonly #streams = new Map<number, number>();
  delivered = 0;
  /** Set by the owner. */
  deliverAudit: (report: AuditReport) => void = () => undefined;
  /** What was sent lately, lost or not: what `replay` draws from. */
  readonly #past: Message[] = [];
  #pastAt = 0;

  constructor(queue: EventQueue, random: SeededRandom, deliver: (message: Message) => void) {
    this.#queue = queue;
    this.#random = random;
    this.#deliver = deliver;
  }

  /** Takes its time and draws nothing; lost with its link. */
  sendAudit(report: AuditReport): void {
    this.#queue.after(AUDIT_DELAY_MS, () => {
      if (this.carries(report.from, report.to)) this.deliverAudit(report);
    });
  }

  send(message: Message): void {
    this.#past[this.#pastAt++ % PAST_MAX] = message;
    const { loss, duplication, delayMs } = this.faults;
    const copies = duplication > 0 && this.#random.chance(duplication) ? 2 : 1;
    const slowMs = this.#slow.get(linkOf(message.from, message.to)) ?? 0;
    for (let copy = 0; copy < copies; copy++) {
      if (loss > 0 && this.#random.chance(loss)) continue;
      const takesMs = 0.05 + slowMs + this.#random.exponential(delayMs);
      const isOrdered = message.type === MessageType.snapshotChunk && delayMs === CALM_DELAY_MS;
      this.#arrive(
        this.#maybeDamaged(message),
        isOrdered ? this.#behindOthers(message, takesMs) : takesMs,
      );
    }
  }

  #maybeDamaged(message: Message): Message {
    const { damage } = this.faults;
    if (damage === 0 || message.type !== MessageType.append) return message;
    const at = message.entries.findIndex(({ payload }) => payload.length > 0);
    if (at < 0 || !this.#random.chance(damage)) return message;
    const entry = message.entries[at]!;
    const payload = Buffer.from(entry.payload);
    const bit = this.#random.below(payload.length * 8);
    payload[bit >> 3]! ^= 1 << (bit & 7);
    return { ...message, entries: message.entries.with(at, { ...entry, payload }) };
  }

  #behindOthers({ from, to }: Message, delayMs: number): number {
    const link = linkOf(from, to);
    const { nowMs } = this.#queue;
    const atMs = Math.max(nowMs + delayMs, this.#streams.get(link) ?? 0);
    this.#streams.set(link, atMs);
    return atMs - nowMs;
  }

  /** Messages of the last seconds, also those that were lost, arrive (again) within `withinMs`. */
  replay(count: number, withinMs: number, random: SeededRandom): void {
    if (this.#past.length === 0) return;
    for (let i = 0; i < count; i++) {
      this.#arrive(random.pick(this.#past), random.between(0, withinMs));
    }
  }

  #arrive(message: Message, delayMs: number): void {
    this.#queue.after(delayMs, () => {
      // Judged on arrival: what was under way when the link was cut is lost.
      if (this.#cut.size > 0 && !this.carries(message.from, message.to)) return;
      this.delivered += 1;
      this.#deliver(message);
    });
  }

  carries(from: NodeId, to: NodeId): boolean {
    return !this.#cut.has(linkOf(from, to));
  }

  cut(from: NodeId, to: NodeId): Heal {
    const link = linkOf(from, to);
    const faults = this.#cut;
    faults.set(link, (faults.get(link) ?? 0) + 1);
    return once(() => {
      const left = (faults.get(link) ?? 0) - 1;
      if (left > 0) faults.set(link, left);
      else faults.delete(link);
    });
  }

  slow(from: NodeId, to: NodeId, delayMs: number): Heal {
    const link = linkOf(from, to);
    this.#slow.set(link, delayMs);
    return once(() => this.#slow.delete(link));
  }

  healAll(): void {
    this.#cut.clear();
    this.#slow.clear();
    this.faults.loss = 0;
    this.faults.duplication = 0;
    this.faults.damage = 0;
    this.faults.delayMs = CALM_DELAY_MS;
  }
}

function linkOf(from: NodeId, to: NodeId): number {
  return from * 1024 + to;
}

function once(action: () => void): Heal {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
