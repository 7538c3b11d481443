/** A cluster under test, as workloads and faults see it: processes that speak RESP, and the network between them. */

/** Numbered from 1. */
export interface ClusterNode {
  readonly id: number;
  /** Where clients reach it. */
  readonly host: string;
  readonly port: number;
  /** All its files; a fault may damage them while it is stopped. */
  readonly directory: string;
  /** Of the server process; null while it is stopped. */
  readonly pid: number | null;
  /** Starts it on what its directory holds. Resolves when the process runs, not when it serves. */
  start(): Promise<void>;
  /** Resolves when the process is gone. SIGTERM is given time, then killed. */
  stop(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
}

/** Directed links between nodes. Clients reach every node whatever the links do. */
export interface Network {
  /** `namespaces` or `proxies`. */
  readonly kind: string;
  /** From now on nothing goes from one to the other; open connections stand still, they are not reset. */
  cut(from: ClusterNode, to: ClusterNode): Promise<void>;
  /** Of everything sent, in [0, 1]. */
  lose(from: ClusterNode, to: ClusterNode, share: number): Promise<void>;
  delay(from: ClusterNode, to: ClusterNode, ms: number, jitterMs: number): Promise<void>;
  /** Bits a second. */
  throttle(from: ClusterNode, to: ClusterNode, bitsPerSecond: number): Promise<void>;
  /** Takes everything back. */
  heal(): Promise<void>;
}

export interface Cluster {
  /** As in `RunPlan.target`. */
  readonly target: string;
  readonly nodes: readonly ClusterNode[];
  readonly network: Network;
  /** The node that takes writes, as a majority of those that answer sees it; null: none is known. */
  leader(): Promise<ClusterNode | null>;
  /** Resolves when every node serves and all follow one leader. Throws when that does not come to be. */
  settled(): Promise<void>;
  /** Ends every process, takes down the network, removes the directories. */
  stop(): Promise<void>;
}
