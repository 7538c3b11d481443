/**
 * A network namespace for each node, inside those of the harness (enter-namespace.ts):
 *
 *   harness's namespace        one veth pair to each node: clients reach every node, nodes reach nobody by them
 *   node n   clients           10.c.0.n, the veth's other end
 *            peers             10.c.1.n, a TUN device: what nodes send each other passes the packet switch
 *
 * Between nodes there is no other way than the switch, so whatever it says of a link is true of every packet: Redis's
 * replication, Sentinel's gossip and Raft alike.
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../random.js";
import {
  CLIENT_PORT,
  CLIENTS_HOST_BYTE,
  CLUSTER_NUMBER_MAX,
  CLUSTER_NUMBER_MIN,
  PEER_MTU_BYTES,
  PEER_PORT,
  SENTINEL_PORT,
} from "./constants.js";
import { isInNamespaces, NAMESPACE_DIRECTORY } from "./enter-namespace.js";
import { LinkNetwork, type RuledLink } from "./link-network.js";
import { PacketSwitch } from "./packet-switch.js";
import type { Ground, Place } from "./place.js";
import { tool } from "./tool.js";

/** Clusters of this process that live at the same time differ by it. */
let nextNumber = CLUSTER_NUMBER_MIN;

class SwitchedNetwork extends LinkNetwork {
  override readonly kind = "namespaces";
  readonly #packetSwitch: PacketSwitch;

  constructor(packetSwitch: PacketSwitch) {
    super();
    this.#packetSwitch = packetSwitch;
  }

  override lacks(): null {
    return null;
  }

  protected override apply(links: readonly RuledLink[]): Promise<void> {
    return this.#packetSwitch.apply(links);
  }
}

/** For nodes 1 to `count`. Throws outside of the harness's namespaces: an address could be somebody's there. */
export async function namespaceGround(count: number, random: Random): Promise<Ground> {
  if (!isInNamespaces()) throw new Error("not in namespaces of its own: call enterNamespace first");
  const number = nextNumber;
  nextNumber = number === CLUSTER_NUMBER_MAX ? CLUSTER_NUMBER_MIN : number + 1;
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  const name = (id: number): string => `c${number}n${id}`;
  const clients = `10.${number}.0.${CLIENTS_HOST_BYTE}`;
  const files = ids.map((id) => join(NAMESPACE_DIRECTORY, name(id)));
  const removeNamespaces = async (): Promise<void> => {
    // Batches go on behind what is not there; a veth goes with its other end.
    const lines = ids.map((id) => `netns delete ${name(id)}\n`).join("");
    await tool("ip", ["-force", "-batch", "-"], { input: lines }).catch(() => {});
    for (const file of files) rmSync(file, { force: true });
  };

  let packetSwitch: PacketSwitch;
  try {
    const lines = ids.flatMap((id) => [
      `netns add ${name(id)}`,
      `link add ${name(id)} type veth peer name clients netns ${name(id)}`,
      `addr add ${clients} peer 10.${number}.0.${id} dev ${name(id)}`,
      `link set ${name(id)} up`,
    ]);
    await tool("ip", ["-batch", "-"], { input: `${lines.join("\n")}\n` });
    packetSwitch = await PacketSwitch.start(random.below(2 ** 31), files);
    await Promise.all(
      ids.map((id) => {
        const inside = [
          "link set lo up",
          `addr add 10.${number}.0.${id} peer ${clients} dev clients`,
          "link set clients up",
          `addr add 10.${number}.1.${id}/24 dev peers`,
          `link set peers mtu ${PEER_MTU_BYTES} up`,
        ];
        return tool("ip", ["-n", name(id), "-batch", "-"], { input: `${inside.join("\n")}\n` });
      }),
    );
  } catch (error) {
    await removeNamespaces();
    throw error;
  }
  return {
    network: new SwitchedNetwork(packetSwitch),
    places: ids.map(
      (id): Place => ({
        host: `10.${number}.0.${id}`,
        port: CLIENT_PORT,
        peerHost: `10.${number}.1.${id}`,
        peerPort: PEER_PORT,
        peerClientPort: CLIENT_PORT,
        sentinelPort: SENTINEL_PORT,
        prefix: ["nsenter", `--net=${join(NAMESPACE_DIRECTORY, name(id))}`, "--"],
        peerAddressOf: (other) => `10.${number}.1.${other}:${PEER_PORT}`,
      }),
    ),
    takeDown: async () => {
      await packetSwitch.stop();
      await removeNamespaces();
    },
  };
}
