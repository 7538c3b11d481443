/**
 * Where a client sends. As real clients do: it stays where it is until its connection breaks or it is told to go
 * elsewhere. A client of a node that was cut off therefore goes on talking to it, which is how stale masters take
 * writes.
 */

import type { Cluster, ClusterNode } from "../cluster/cluster.js";

export interface Router {
  /** Of a new connection; null: nobody knows one now. `left`: where it came from. */
  choose(left: ClusterNode | null): Promise<ClusterNode | null>;
  /** A node said MOVED. null: the address is none of the cluster's. */
  moved(error: string): ClusterNode | null;
  /** The next one is to be found out anew. */
  forget(): void;
}

/** Clients that follow MOVED: any node is asked first, and told where to go. */
export class RedirectRouter implements Router {
  readonly #cluster: Cluster;
  /** Who was named last, by whomever. */
  #named: ClusterNode | null = null;
  /** Place of the node that is asked when nobody is known. */
  #first = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async choose(left: ClusterNode | null): Promise<ClusterNode | null> {
    const { nodes } = this.#cluster;
    if (this.#named !== null && this.#named !== left) return this.#named;
    this.#named = null;
    const at = left === null ? this.#first : nodes.findIndex(({ id }) => id === left.id) + 1;
    return nodes[at % nodes.length] ?? null;
  }

  moved(error: string): ClusterNode | null {
    const address = error.split(" ")[2] ?? "";
    const port = Number(address.slice(address.lastIndexOf(":") + 1));
    const host = address.slice(0, address.lastIndexOf(":"));
    const { nodes } = this.#cluster;
    const exact = nodes.find((node) => node.port === port && node.host === host);
    this.#named = exact ?? onlyOne(nodes.filter((node) => node.port === port));
    return this.#named;
  }

  forget(): void {
    this.#named = null;
    this.#first += 1;
  }
}

/** A node may call itself by another name than clients do. */
function onlyOne(nodes: readonly ClusterNode[]): ClusterNode | null {
  return nodes.length === 1 ? nodes[0]! : null;
}

/** Clients that ask the sentinels who the master is, once for each connection. */
export class LeaderRouter implements Router {
  readonly #cluster: Cluster;
  #asking: Promise<ClusterNode | null> | null = null;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  choose(): Promise<ClusterNode | null> {
    // Clients that lose their connections at once ask once.
    this.#asking ??= this.#cluster
      .leader()
      .catch(() => null)
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }

  moved(): null {
    return null;
  }

  forget(): void {}
}

/** Clients of one node, whatever its role: they read what it has. */
export class PinnedRouter implements Router {
  readonly #node: ClusterNode;

  constructor(node: ClusterNode) {
    this.#node = node;
  }

  async choose(): Promise<ClusterNode> {
    return this.#node;
  }

  moved(): null {
    return null;
  }

  forget(): void {}
}
