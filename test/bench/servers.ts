/** The servers of some measurements: started when they are first needed, ended all together. */

import { load } from "./load.js";
import { messageOf } from "./message-of.js";
import type { Server, Side } from "./sides.js";
import type { Target } from "./targets/target.js";
import type { Dataset } from "./workloads.js";

/** Milliseconds from what was loaded to what is measured: followers have it too, what was deleted is released. */
const SETTLE_MS = 200;

export class Servers {
  readonly #targets = new Map<Server, Target | null>();
  readonly #filled = new Map<Server, Set<string>>();

  /** null: not installed, or it does not start, which is said once. */
  async target({ server }: Side): Promise<Target | null> {
    const known = this.#targets.get(server);
    if (known !== undefined) return known;
    let why = "not installed";
    const target = await server.start().catch((error: unknown) => {
      why = messageOf(error);
      return null;
    });
    if (target === null) process.stdout.write(`(left out: ${server.name}: ${why})\n`);
    this.#targets.set(server, target);
    return target;
  }

  /** Loads it unless it is there already. */
  async fill(side: Side, dataset: Dataset): Promise<void> {
    const filled = this.#filled.get(side.server) ?? new Set();
    this.#filled.set(side.server, filled);
    if (filled.has(dataset.name)) return;
    await this.load(side, dataset.commands());
    filled.add(dataset.name);
  }

  async load(side: Side, commands: Iterable<readonly string[]>): Promise<void> {
    const target = await this.target(side);
    if (target === null) throw new Error("what is not installed is not loaded");
    await load(await target.port(), commands);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }

  async stop(): Promise<void> {
    for (const target of this.#targets.values()) await target?.stop();
    this.#targets.clear();
    this.#filled.clear();
  }
}
