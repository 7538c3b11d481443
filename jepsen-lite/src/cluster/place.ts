/** Where a node lives: its addresses, and how a program is started there. */

import type { LinkNetwork } from "./link-network.js";

export interface Place {
  /** Where clients reach it. */
  readonly host: string;
  readonly port: number;
  /** Where other nodes reach it: over links that can be cut. */
  readonly peerHost: string;
  readonly peerPort: number;
  /** As other nodes reach its client port (Redis replicates by it) and its sentinel. */
  readonly peerClientPort: number;
  readonly sentinelPort: number;
  /** Words before the command line of whatever runs there. */
  readonly prefix: readonly string[];
  /** Where this node reaches that one's peer port: differs by who asks where links are proxies. */
  peerAddressOf(id: number): string;
}

/** Places for nodes 1 to n, and the links between them. */
export interface Ground {
  readonly network: LinkNetwork;
  readonly places: readonly Place[];
  /** Nothing of it is left. */
  takeDown(): Promise<void>;
}
