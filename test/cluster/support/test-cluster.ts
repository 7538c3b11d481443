/** A cluster of real processes from the build output, on free loopback ports, in a temporary directory. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "./ports.js";
import { ServerProcess, type StateDigest } from "./server-process.js";
import { Hopeless, until } from "./until.js";

export interface ClusterOptions {
  readonly size?: number;
  /** Command line options of each node, as ["--election-timeout", "4000"]. */
  readonly options?: (id: number) => readonly string[];
  /** V8's heap limit. What the launcher would give to maxmemory: 256 + 1.25 x megabytes. */
  readonly heapMegabytes?: number;
  /** Called with the cluster's directory before a node starts. */
  readonly prepare?: (directory: string) => void;
}

/** Megabytes. Enough for `maxmemory 256mb`, so that nodes do not start themselves again. */
const defaultMaxmemory = 256;
const defaultHeapMegabytes = 640;

const entryPoint = fileURLToPath(
  new URL("../../../packages/server/dist/cli/main.js", import.meta.url),
);

export class TestCluster {
  readonly clusterId: string;
  readonly directory: string;
  readonly nodes: readonly ServerProcess[];
  /** Value of `peers`. */
  readonly peers: string;

  /** Born and serving: a leader that every node knows. */
  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    if (!existsSync(entryPoint)) throw new Error("not built: run npm run build first");
    const size = options.size ?? 3;
    const ports = await freePorts(2 * size);
    const cluster = new TestCluster(options, size, ports);
    options.prepare?.(cluster.directory);
    for (const node of cluster.nodes) node.start(["--bootstrap", "yes"]);
    try {
      await cluster.settled();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  constructor(options: ClusterOptions, size: number, ports: readonly number[]) {
    this.directory = mkdtempSync(join(tmpdir(), "redoubt-cluster-"));
    this.clusterId = `test-${process.pid}-${ports[0]}`;
    const ids = Array.from({ length: size }, (_, at) => at + 1);
    this.peers = ids.map((id) => `${id}@127.0.0.1:${ports[size + id - 1]}`).join(" ");
    this.nodes = ids.map((id) => {
      const args = ["--cluster-id", this.clusterId, "--peers", this.peers];
      const maxmemory = ["--maxmemory", `${defaultMaxmemory}mb`];
      return new ServerProcess(
        id,
        ports[id - 1]!,
        ports[size + id - 1]!,
        join(this.directory, `node-${id}`),
        [...args, ...maxmemory, ...(options.options?.(id) ?? [])],
        options.heapMegabytes ?? defaultHeapMegabytes,
      );
    });
  }

  get addresses(): { host: string; port: number }[] {
    return this.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
  }

  node(id: number): ServerProcess {
    const node = this.nodes[id - 1];
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  /** The node that serves now, as itself says; waits for one. Stopped processes must not be asked: name the others. */
  leader(among: readonly ServerProcess[] = this.nodes): Promise<ServerProcess> {
    return until("a leader serves", async () => {
      for (const node of among) {
        if (!node.isRunning) continue;
        const status = await node.raft().catch(() => null);
        if (status?.serving === true) return node;
      }
      return null;
    });
  }

  async followers(): Promise<ServerProcess[]> {
    const leader = await this.leader();
    return this.nodes.filter((node) => node !== leader);
  }

  /** Waits until one node serves and all that run follow it and have applied what it has committed by then. */
  settled(): Promise<ServerProcess> {
    return until("every node follows a serving leader", async () => {
      const running = this.nodes.filter((node) => node.isRunning);
      for (const node of this.nodes) failOnRefusal(node);
      const statuses = await Promise.all(running.map((node) => node.raft()));
      const at = statuses.findIndex(({ serving }) => serving);
      if (at < 0) return null;
      const { leader, commit, term } = statuses[at]!;
      const all = statuses.every(
        (status) => status.leader === leader && status.term === term && status.applied >= commit,
      );
      return all ? running[at] : null;
    });
  }

  /**
   * Waits until all nodes show one digest at one index. Call it when writes have ceased. A digest reads
   * the whole dataset in one go, so nodes are asked one after the other, and only when they are settled.
   */
  equalDigests(): Promise<StateDigest> {
    return until("all nodes have one digest at one index", async () => {
      await this.settled();
      const digests: StateDigest[] = [];
      for (const node of this.nodes) digests.push(await node.digest());
      const first = digests[0]!;
      if (digests.some(({ index }) => index !== first.index)) return null;
      if (digests.some(({ digest }) => digest !== first.digest)) {
        throw new Error(`states differ at index ${first.index}: ${JSON.stringify(digests)}`);
      }
      return first;
    });
  }

  /** Error lines of all nodes: a healthy run has none. */
  errorLines(): Record<string, unknown>[] {
    return this.nodes.flatMap((node) => node.logLines("error", "fatal"));
  }

  /** Ends every process, whatever state it is in, and removes the data. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.signal("SIGKILL")));
    if (process.env.REDOUBT_KEEP_TEST_DATA !== "1") {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}

/** A node that ended by itself will not come back: no need to wait for the deadline. */
function failOnRefusal(node: ServerProcess): void {
  if (node.exitCode === null) return;
  throw new Hopeless(`node ${node.id} ended with code ${node.exitCode}: ${node.stderr}`);
}
