/** What passes between the event loop and the keep-alive thread besides shared memory. */

import type { PeerAddress } from "@redoubt/grpc-peer";

export interface KeepaliveThreadData {
  readonly shared: SharedArrayBuffer;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly incarnation: number;
  readonly secret: Uint8Array | null;
  readonly electionParametersMs: {
    readonly electionTimeout: number;
    readonly heartbeatInterval: number;
  };
  readonly busyLeaderMaxMs: number;
  readonly peers: readonly PeerAddress[];
}

/** To the thread. */
export type KeepaliveOrder =
  | { readonly kind: "peers"; readonly peers: readonly PeerAddress[] }
  | { readonly kind: "stop" };

/** From the thread: a line for the log, written when the event loop runs again. */
export interface KeepaliveReport {
  readonly event: string;
  readonly fields: object;
}
