/**
 * The configuration a node goes by is the newest in its log or in the snapshot that its log begins with
 * (traps 02, 23), as its disk has it. Looked at when nothing is on its way to the disk.
 */

import type { ReplicaStatus } from "@redoubt/replica";
import type { SimulatedNode } from "../world/node.js";
import type { Configurations } from "./configurations.js";
import { durableLast } from "./durable.js";
import type { Report } from "./violation.js";

export class ConfigurationInForce {
  readonly #configurations: Configurations;
  readonly #report: Report;
  checked = 0;

  constructor(configurations: Configurations, report: Report) {
    this.#configurations = configurations;
    this.#report = report;
  }

  looked(node: SimulatedNode, status: ReplicaStatus): void {
    const { applied, flushed, appended, configurationIndex } = status;
    // What is applied is not about to be replaced by a snapshot.
    const isAtRest = applied === appended && flushed === appended;
    if (!isAtRest || durableLast(node.disk).index !== appended) return;
    const known = this.#configurations.inForce(node.id);
    this.checked += 1;
    if (configurationIndex === (known?.index ?? 0)) return;
    this.#report(
      "configuration in force",
      `node ${node.id} goes by the one at ${configurationIndex}, its disk has ${known?.index}`,
    );
  }
}
