/** The clients people use, behind the few calls the scripted session makes. */

import { Cluster, Redis } from "ioredis";
import { createClient, createCluster, RESP_TYPES, WatchError } from "redis";
import type { ServerProcess } from "./server-process.js";
import type { TestCluster } from "./test-cluster.js";

export interface Client {
  /** Whether the last GET left by a connection the client had put into READONLY. Absent: not told. */
  readFromReplica?(): boolean;
  set(key: string, value: string | Buffer): Promise<unknown>;
  get(key: string): Promise<string | null>;
  getBytes(key: string): Promise<Buffer | null>;
  incr(key: string): Promise<number>;
  expire(key: string, seconds: number): Promise<boolean>;
  ttl(key: string): Promise<number>;
  mget(keys: readonly string[]): Promise<(string | null)[]>;
  /** Many commands in one go: increments of `key`; the results. */
  pipeline(key: string, count: number): Promise<unknown[]>;
  /** MULTI: SET of `key`, INCR of `counter`; the results. */
  multi(key: string, value: string, counter: string): Promise<unknown[]>;
  /** WATCH, `between`, MULTI SET EXEC: false when EXEC says that the key has changed. */
  watched(key: string, value: string, between: () => Promise<void>): Promise<boolean>;
  end(): Promise<void>;
}

export interface ClientKind {
  readonly name: string;
  readonly isCluster: boolean;
  /** Given the node that leads; a cluster client only gets to know some other node. */
  open(cluster: TestCluster, leader: ServerProcess): Promise<Client>;
  /** A cluster client that reads from replicas; null: it can't. */
  readonly openReader: ((cluster: TestCluster) => Promise<Client>) | null;
}

export const clientKinds: readonly ClientKind[] = [
  {
    name: "ioredis",
    isCluster: false,
    open: async (_, { port }) => ioredis(new Redis({ port, host: "127.0.0.1" })),
    openReader: null,
  },
  {
    name: "ioredis Cluster",
    isCluster: true,
    open: async (cluster, leader) => ioredis(new Cluster(startingPoints(cluster, leader))),
    openReader: async (cluster) => ioredis(new Cluster(cluster.addresses, { scaleReads: "slave" })),
  },
  {
    name: "node-redis",
    isCluster: false,
    open: async (_, { port }) => nodeRedis(port),
    openReader: null,
  },
  {
    name: "node-redis cluster",
    isCluster: true,
    open: (cluster, leader) => nodeRedisCluster(startingPoints(cluster, leader), false),
    openReader: (cluster) => nodeRedisCluster(cluster.addresses, true),
  },
];

/** Everything but the leader: it has to be found. */
function startingPoints(
  cluster: TestCluster,
  leader: ServerProcess,
): { host: string; port: number }[] {
  return cluster.addresses.filter(({ port }) => port !== leader.port);
}

function ioredis(client: Redis | Cluster): Client {
  client.on("error", () => {});
  let readFromReplica = false;
  client.on("+node", (node: Redis) => {
    const send = node.sendCommand.bind(node);
    node.sendCommand = (command, stream) => {
      if (command.name === "get") readFromReplica = node.options.readOnly === true;
      return send(command, stream);
    };
  });
  const results = async (all: [Error | null, unknown][] | null): Promise<unknown[]> => {
    if (all === null) throw new Error("EXEC was null");
    return all.map(([error, result]) => {
      if (error !== null) throw error;
      return result;
    });
  };
  return {
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    getBytes: (key) => client.getBuffer(key),
    incr: (key) => client.incr(key),
    expire: async (key, seconds) => (await client.expire(key, seconds)) === 1,
    ttl: (key) => client.ttl(key),
    mget: (keys) => client.mget([...keys]),
    pipeline: async (key, count) => {
      const pipeline = client.pipeline();
      for (let at = 0; at < count; at++) pipeline.incr(key);
      return results(await pipeline.exec());
    },
    multi: async (key, value, counter) =>
      results(await client.multi().set(key, value).incr(counter).exec()),
    watched: async (key, value, between) => {
      await client.watch(key);
      await between();
      return (await client.multi().set(key, value).exec()) !== null;
    },
    readFromReplica: () => readFromReplica,
    end: async () => client.disconnect(),
  };
}

const asBuffers = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

async function nodeRedis(port: number): Promise<Client> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => {});
  await client.connect();
  return {
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    getBytes: (key) => client.withTypeMapping(asBuffers).get(key),
    incr: (key) => client.incr(key),
    expire: async (key, seconds) => (await client.expire(key, seconds)) === 1,
    ttl: (key) => client.ttl(key),
    mget: (keys) => client.mGet([...keys]),
    // In one turn of the event loop: sent as one pipeline.
    pipeline: (key, count) => Promise.all(Array.from({ length: count }, () => client.incr(key))),
    multi: async (key, value, counter) => client.multi().set(key, value).incr(counter).exec(),
    watched: (key, value, between) => watchedByNodeRedis(client, key, value, between),
    end: async () => client.destroy(),
  };
}

async function nodeRedisCluster(
  addresses: readonly { host: string; port: number }[],
  useReplicas: boolean,
): Promise<Client> {
  const cluster = createCluster({
    rootNodes: addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
    useReplicas,
  });
  cluster.on("error", () => {});
  await cluster.connect();
  return {
    set: (key, value) => cluster.set(key, value),
    get: (key) => cluster.get(key),
    getBytes: (key) => cluster.withTypeMapping(asBuffers).get(key),
    incr: (key) => cluster.incr(key),
    expire: async (key, seconds) => (await cluster.expire(key, seconds)) === 1,
    ttl: (key) => cluster.ttl(key),
    mget: (keys) => cluster.mGet([...keys]),
    pipeline: (key, count) => Promise.all(Array.from({ length: count }, () => cluster.incr(key))),
    multi: async (key, value, counter) => cluster.multi().set(key, value).incr(counter).exec(),
    watched: async (key, value, between) => {
      const node = await cluster.nodeClient(cluster.masters[0]!);
      return watchedByNodeRedis(node, key, value, between);
    },
    end: async () => cluster.destroy(),
  };
}

/** What of a node-redis client is needed; its own type differs with every option given. */
interface NodeRedis {
  watch(key: string): Promise<unknown>;
  multi(): { set(key: string, value: string): { exec(): Promise<unknown> } };
}

async function watchedByNodeRedis(
  client: NodeRedis,
  key: string,
  value: string,
  between: () => Promise<void>,
): Promise<boolean> {
  await client.watch(key);
  await between();
  try {
    await client.multi().set(key, value).exec();
    return true;
  } catch (error) {
    if (error instanceof WatchError) return false;
    throw error;
  }
}
