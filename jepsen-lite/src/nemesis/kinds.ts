/**
 * A kind of fault in its variants. `kill` draws one of them each time, `kill:leader` is always that one.
 */

import { asProcessCluster, type ProcessCluster } from "../cluster/process-cluster.js";
import type { Random } from "../random.js";
import type { Fault, FaultInForce } from "./fault.js";

export interface Kind<V extends string> {
  readonly name: string;
  readonly variants: readonly V[];
  /** Those that have to be asked for: the name alone does not draw them. */
  readonly onlyByName?: readonly V[];
  unavailable(cluster: ProcessCluster): string | null;
  begin(cluster: ProcessCluster, random: Random, variant: V): Promise<FaultInForce>;
}

export function faultsOf<V extends string>(kind: Kind<V>): Fault[] {
  const drawn = kind.variants.filter((variant) => !kind.onlyByName?.includes(variant));
  const unavailable: Fault["unavailable"] = (cluster) =>
    kind.unavailable(asProcessCluster(cluster));
  const fault = (name: string, choose: (random: Random) => V): Fault => ({
    name,
    unavailable,
    begin: (cluster, random) => kind.begin(asProcessCluster(cluster), random, choose(random)),
  });
  return [
    fault(kind.name, (random) => random.pick(drawn)),
    ...kind.variants.map((variant) => fault(`${kind.name}:${variant}`, () => variant)),
  ];
}

/** Of faults that every machine and target knows. */
export const always = (): null => null;
