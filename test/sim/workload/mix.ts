/**
 * What the clients of one run are like: drawn from its seed, so that runs differ in kind and not only in
 * detail (swarm testing: what is rare in every run together would be rare everywhere).
 */

import type { SeededRandom } from "../world/random.js";

/** Kinds of pipelines. */
export type PipelineKind = "plain" | "transaction" | "compareAndSet" | "follower" | "large";
/** Kinds of operations in a plain one. */
export type OperationKind =
  | "register"
  | "counter"
  | "expiring"
  | "volatile"
  | "collection"
  | "queue"
  | "flush"
  | "library"
  | "echo";

export interface Mix {
  readonly clients: number;
  /** Mean pause of a client between two pipelines, virtual ms. */
  readonly thinkMs: number;
  readonly keysPerModel: number;
  /** Operations in most pipelines, at most. */
  readonly pipelineMax: number;
  readonly pipelines: Readonly<Record<PipelineKind, number>>;
  readonly operations: Readonly<Record<OperationKind, number>>;
  /** Share of unknown writes that the client does again under a new value. */
  readonly repeats: number;
}

/** Pipelines a virtual second, of all clients together, while nothing goes wrong. */
const PIPELINES_PER_S_MIN = 40;
const PIPELINES_PER_S_MAX = 100;

export function drawMix(random: SeededRandom): Mix {
  const clients = 3 + random.below(10);
  const perSecond = random.between(PIPELINES_PER_S_MIN, PIPELINES_PER_S_MAX);
  const some = (probability: number, max: number): number =>
    random.chance(probability) ? random.between(0, max) : 0;
  const mix = {
    clients,
    thinkMs: (clients * 1000) / perSecond,
    keysPerModel: 1 + random.below(7),
    pipelineMax: 2 + random.below(14),
    pipelines: {
      plain: 1,
      transaction: some(0.7, 0.25),
      compareAndSet: some(0.6, 0.25),
      follower: some(0.8, 0.4),
      // Each costs as much as a thousand others.
      large: random.chance(0.15) ? 0.002 : 0,
    },
    operations: {
      register: random.between(0.3, 1),
      counter: some(0.7, 0.5),
      expiring: some(0.6, 0.6),
      volatile: some(0.6, 0.6),
      collection: some(0.6, 0.6),
      queue: some(0.6, 0.6),
      flush: random.chance(0.25) ? 0.05 : some(0.4, 0.005),
      echo: some(0.5, 0.2),
    },
    repeats: random.next(),
  };
  // Libraries outlive FLUSHALL: where there is the one there are the others.
  return { ...mix, operations: { ...mix.operations, library: mix.operations.flush } };
}

/** A key of `weights`, by its share. */
export function pickWeighted<K extends string>(
  weights: Readonly<Record<K, number>>,
  random: SeededRandom,
): K {
  let total = 0;
  for (const kind in weights) total += weights[kind];
  let draw = random.next() * total;
  let last: K | null = null;
  for (const kind in weights) {
    if (weights[kind] === 0) continue;
    last = kind;
    draw -= weights[kind];
    if (draw < 0) return kind;
  }
  return last!;
}
