/**
 * Nodes on loopback, without any privilege: what one node sends another passes a TCP proxy of this process, one for
 * each that dials and each that is dialled. It needs a target that can be told, node by node, where the others are;
 * Redis can't: replicas and sentinels tell each other one address of each node, the same for all.
 */

import { createServer } from "node:net";
import type { Random } from "../random.js";
import { LinkNetwork, type RuledLink } from "./link-network.js";
import { LinkProxy, LinkStates } from "./link-proxy.js";
import type { LinkRule } from "./link-rule.js";
import type { Ground, Place } from "./place.js";

const HOST = "127.0.0.1";

class ProxiedNetwork extends LinkNetwork {
  override readonly kind = "proxies";
  readonly #states: LinkStates;
  readonly #isProxied: boolean;

  constructor(states: LinkStates, isProxied: boolean) {
    super();
    this.#states = states;
    this.#isProxied = isProxied;
  }

  override lacks(what: keyof LinkRule): string | null {
    if (!this.#isProxied) {
      return "Redis's nodes can't be led through proxies, they announce one address to all: needs namespaces";
    }
    const isOfPackets = what === "loss" || what === "duplicate" || what === "reorder";
    return isOfPackets ? "a proxy carries connections, not packets: needs namespaces" : null;
  }

  protected override async apply(links: readonly RuledLink[]): Promise<void> {
    for (const link of links) this.#states.of(link).set(link.rule);
  }
}

/** `isProxied` false: nodes see each other directly, and no link can be touched. */
export async function proxyGround(
  count: number,
  isProxied: boolean,
  random: Random,
): Promise<Ground> {
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  const ports = await freePorts(3 * count);
  const port = (id: number, kind: number): number => ports[3 * (id - 1) + kind]!;
  const states = new LinkStates();
  const proxies: LinkProxy[] = [];
  const proxied = new Map<string, number>();
  for (const from of isProxied ? ids : []) {
    for (const to of ids.filter((id) => id !== from)) {
      const there = states.of({ from, to });
      const back = states.of({ from: to, to: from });
      const proxy = new LinkProxy(there, back, () => random.next());
      proxies.push(proxy);
      proxied.set(`${from} ${to}`, await proxy.listen(HOST, port(to, 1)));
    }
  }
  return {
    network: new ProxiedNetwork(states, isProxied),
    places: ids.map(
      (id): Place => ({
        host: HOST,
        port: port(id, 0),
        peerHost: HOST,
        peerPort: port(id, 1),
        peerClientPort: port(id, 0),
        sentinelPort: port(id, 2),
        prefix: [],
        peerAddressOf: (to) => `${HOST}:${proxied.get(`${id} ${to}`) ?? port(to, 1)}`,
      }),
    ),
    takeDown: async () => {
      for (const proxy of proxies) proxy.close();
    },
  };
}

/** Ports nobody listened at a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, HOST, () => {
            const address = server.address();
            if (address === null || typeof address === "string") reject(new Error("no port"));
            else resolve(address.port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
