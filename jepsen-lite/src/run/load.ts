/** The clients of a run: each repeats its step until the load ends, and never has two operations open. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../cluster/cluster.js";
import type { Recorder } from "../history/recorder.js";
import type { Random } from "../random.js";
import type { Reply } from "../resp/resp-client.js";
import { Client } from "../workloads/client.js";
import type { Acknowledgement } from "../workloads/link.js";
import { LeaderRouter, PinnedRouter, RedirectRouter, type Router } from "../workloads/router.js";
import type { ClientPlan } from "../workloads/workload.js";
import { BACKOFF_MS, ROAM_MS } from "./constants.js";

/** How clients of a target behave. */
export interface TargetTraits {
  /** What a client does behind each write before it counts as acknowledged. */
  readonly acknowledges: Acknowledgement | null;
  /** Else they ask who leads. */
  readonly followsMoved: boolean;
}

export interface ClientsOptions {
  readonly cluster: Cluster;
  readonly traits: TargetTraits;
  readonly recorder: Recorder;
  readonly random: Random;
  /** Hears each error that the table does not list. */
  readonly onUnlisted: (error: string) => void;
}

/** Makes the clients of one cluster. */
export class Clients {
  readonly #options: ClientsOptions;
  readonly #router: Router;

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.#router = routerOf(options);
  }

  /** One that goes to whoever leads. */
  leading(recorder = this.#options.recorder): Client {
    return this.#client({ recorder, router: routerOf(this.#options) });
  }

  of({ pinnedTo, roams = false, subscribesTo }: ClientPlan): Client {
    const { recorder, cluster } = this.#options;
    // Who roams has an own idea of who leads, the others share what they are told.
    if (pinnedTo === undefined)
      return this.#client({ recorder, router: roams ? routerOf(this.#options) : this.#router });
    const node = cluster.nodes.find(({ id }) => id === pinnedTo);
    if (node === undefined) throw new Error(`there is no node ${pinnedTo}`);
    const router = new PinnedRouter(node);
    if (subscribesTo === undefined)
      return this.#client({ recorder, router, greetings: [["READONLY"]] });
    const client = this.#client({
      recorder,
      router,
      greetings: [["SUBSCRIBE", subscribesTo]],
      onUnclaimed: (reply) => hear(client, reply),
    });
    return client;
  }

  #client(
    own: Pick<
      ConstructorParameters<typeof Client>[0],
      "recorder" | "router" | "greetings" | "onUnclaimed"
    >,
  ): Client {
    const { traits, random, onUnlisted } = this.#options;
    return new Client({
      ...own,
      acknowledgement: traits.acknowledges,
      random: random.fork(),
      onUnlisted,
    });
  }
}

function routerOf({ traits, cluster }: ClientsOptions): Router {
  return traits.followsMoved ? new RedirectRouter(cluster) : new LeaderRouter(cluster);
}

/** `message`, channel, text. */
function hear(client: Client, reply: Reply): void {
  if (!Array.isArray(reply) || reply[0] !== "message") return;
  client.heard("heard", String(reply[1]), String(reply[2]));
}

/** Resolves when every client has ended its last operation after `ends`. */
export async function load(
  plans: readonly ClientPlan[],
  clients: Clients,
  recorder: Recorder,
  ends: AbortSignal,
): Promise<void> {
  await Promise.all(plans.map((plan) => one(plan, clients.of(plan), recorder, ends)));
}

async function one(
  plan: ClientPlan,
  client: Client,
  recorder: Recorder,
  ends: AbortSignal,
): Promise<void> {
  let connectedAt = performance.now();
  while (!ends.aborted) {
    try {
      await plan.step(client);
    } catch (error) {
      recorder.failure("client", error);
      client.leave();
      await sleep(BACKOFF_MS.max);
    }
    await sleep(plan.pauseMs);
    if (plan.roams !== true || performance.now() < connectedAt + ROAM_MS) continue;
    client.roam();
    connectedAt = performance.now();
  }
  client.leave();
}
