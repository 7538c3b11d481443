/** A fault: something that befalls a cluster and is taken back. */

import type { Cluster } from "../cluster/cluster.js";
import type { Random } from "../random.js";

export interface Fault {
  /** As on the command line and in histories. */
  readonly name: string;
  /** Of this machine and target: null when it can be done, else what is missing, in words. */
  unavailable(cluster: Cluster): string | null;
  /** Draws from `random` whom it strikes and how. Throws when it did not come to be. */
  begin(cluster: Cluster, random: Random): Promise<FaultInForce>;
}

export interface FaultInForce {
  /** What happened to whom: `node 2 (leader) cut off from 1, 3`. */
  readonly text: string;
  /** Takes it back: links healed, processes running. Throws when it could not. */
  end(): Promise<void>;
}
