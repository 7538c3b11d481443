/** A cluster of real processes from the build output, on free loopback ports, in a temporary directory. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RespError } from "../../support/resp-reader.js";
import { freePorts } from "./ports.js";
import { ServerProcess, type StateDigest } from "./server-process.js";
import { Hopeless, until } from "./until.js";

export interface ClusterOptions {
  readonly size?: number;
  /** Ids of those that hold no data. */
  readonly witnesses?: readonly number[];
  /** Ports are kept for this many nodes that are added later. */
  readonly spare?: number;
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
  /** The members; those that were removed are not among them. */
  nodes: readonly ServerProcess[];
  /** Value of `peers`. */
  readonly peers: string;
  /** Ids of those that hold no data. */
  witnesses: readonly number[];
  readonly #options: ClusterOptions;
  readonly #sparePorts: number[];
  readonly #former: ServerProcess[] = [];

  /** Born and serving: a leader that every node knows. */
  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    if (!existsSync(entryPoint)) throw new Error("not built: run npm run build first");
    const size = options.size ?? 3;
    const ports = await freePorts(2 * (size + (options.spare ?? 0)));
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
    this.#options = options;
    this.#sparePorts = ports.slice(2 * size);
    this.directory = mkdtempSync(join(tmpdir(), "redoubt-cluster-"));
    this.clusterId = `test-${process.pid}-${ports[0]}`;
    const ids = Array.from({ length: size }, (_, at) => at + 1);
    this.witnesses = options.witnesses ?? [];
    this.peers = ids
      .map((id) => `${id}@127.0.0.1:${ports[size + id - 1]}${this.#kindSuffix(id)}`)
      .join(" ");
    this.nodes = ids.map((id) =>
      this.#process(id, ports[id - 1]!, ports[size + id - 1]!, [
        ...["--cluster-id", this.clusterId, "--peers", this.peers],
      ]),
    );
  }

  #kindSuffix(id: number): string {
    return this.witnesses.includes(id) ? "/witness" : "";
  }

  #process(id: number, port: number, peerPort: number, args: readonly string[]): ServerProcess {
    const maxmemory = ["--maxmemory", `${defaultMaxmemory}mb`];
    return new ServerProcess(
      id,
      port,
      peerPort,
      join(this.directory, `node-${id}`),
      [...args, ...maxmemory, ...(this.#options.options?.(id) ?? [])],
      this.#options.heapMegabytes ?? defaultHeapMegabytes,
    );
  }

  /** Says it to whoever leads, again while leadership moves or another change is under way. */
  admin(...args: readonly string[]): Promise<string> {
    return until(`REDOUBT ${args.join(" ")}`, async () => {
      const leader = await this.leader();
      const reply = await leader
        .withClient((client) => client.send("REDOUBT", ...args))
        .catch((error: unknown) => new RespError(String(error)));
      if (!(reply instanceof RespError)) return JSON.stringify(reply);
      const message = reply.text;
      const again = ["NOTLEADER", "NOT_READY", "CHANGE_IN_PROGRESS", "TRANSFERRING", "ECONN"];
      if (again.some((word) => message.includes(word))) return null;
      throw new Hopeless(`REDOUBT ${args.join(" ")}: ${message}`);
    });
  }

  /** A new node: made a member, started with an empty directory, a voter when this resolves. */
  async grow(id: number, { witness = false } = {}): Promise<ServerProcess> {
    const node = this.spare(id, { witness });
    const kind = witness ? ["WITNESS"] : [];
    await this.admin("MEMBER", "ADD", String(id), `127.0.0.1:${node.peerPort}`, ...kind);
    node.start();
    await this.votersAre(this.nodes.map((each) => each.id));
    return node;
  }

  /** A node that is neither a member nor started yet. */
  spare(id: number, { witness = false } = {}): ServerProcess {
    const port = this.#sparePorts.shift();
    const peerPort = this.#sparePorts.shift();
    if (port === undefined || peerPort === undefined) throw new Error("no ports were kept");
    if (witness) this.witnesses = [...this.witnesses, id];
    const peers = `${this.peers} ${id}@127.0.0.1:${peerPort}${this.#kindSuffix(id)}`;
    const node = this.#process(id, port, peerPort, ["--peers", peers]);
    this.nodes = [...this.nodes, node];
    return node;
  }

  /** The node is a member no more when this resolves, and its process has ended by itself. */
  async shrink(node: ServerProcess): Promise<void> {
    await this.admin("MEMBER", "REMOVE", String(node.id));
    this.nodes = this.nodes.filter((each) => each !== node);
    this.#former.push(node);
    await this.votersAre(this.nodes.map((each) => each.id));
    await until(`node ${node.id} leaves`, async () => (node.isRunning ? null : true));
  }

  /** Waits until these and no others vote, and no change is under way. */
  votersAre(ids: readonly number[]): Promise<true> {
    const wanted = ids.toSorted((a, b) => a - b).join();
    return until(`the voters are ${wanted}`, async () => {
      const info = await (await this.leader()).info("raft").catch(() => null);
      if (info?.get("raft_joint") !== "0" || info.get("raft_learners") !== "0") return null;
      const peers = [...info]
        .filter(([name]) => name.startsWith("raft_peer"))
        .map(([, line]) => Number(/id=(\d+)/.exec(line)?.[1]));
      const voters = [...peers, Number(info.get("raft_node_id"))].toSorted((a, b) => a - b);
      return voters.join() === wanted ? true : null;
    });
  }

  get addresses(): { host: string; port: number }[] {
    return this.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
  }

  node(id: number): ServerProcess {
    const node = this.nodes.find((each) => each.id === id);
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
   * Witnesses have none.
   */
  equalDigests(): Promise<StateDigest> {
    return until("all nodes have one digest at one index", async () => {
      await this.settled();
      const digests: StateDigest[] = [];
      const holders = this.nodes.filter(({ id }) => !this.witnesses.includes(id));
      for (const node of holders) digests.push(await node.digest());
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
    const all = [...this.nodes, ...this.#former];
    await Promise.all(all.map((node) => node.signal("SIGKILL")));
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
