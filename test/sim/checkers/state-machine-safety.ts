/**
 * State-machine safety: every node applies the same entry at an index, ever, and the state behind it is the
 * same wherever and however it was reached - executed ahead, applied from the log, or replayed after a crash.
 *
 * A whole digest at every index on every node would cost more than the simulation. So each applied entry is
 * compared on every node by what it touched (keys, values, deadlines, sizes, log time): with equal states
 * before, equal effects there mean equal states after. What changes keys behind the entry's back is seen by
 * whole digests: at every DIGEST_EVERY-th index, executed and applied, after FLUSHALL, at every rollback and
 * at the end (rollback-rebuild).
 */

import type { Entry, Index, Term } from "@redoubt/raft";
import type { SimulatedNode } from "../world/node.js";
import type { CommittedLog } from "./committed-log.js";
import { touchedMark } from "./touched-mark.js";
import type { Report } from "./violation.js";

const DIGEST_EVERY = 8;

export class StateMachineSafety {
  readonly #log: CommittedLog;
  readonly #report: Report;
  /** By index: of what the entry touched, and of everything. */
  readonly #marks: (number | undefined)[] = [];
  readonly #digests = new Map<Index, string>();
  /** Digest of the state a leader had executed when it sealed (term, index). */
  readonly #sealed = new Map<string, string>();
  compared = 0;

  constructor(log: CommittedLog, report: Report) {
    this.#log = log;
    this.#report = report;
  }

  sealed(node: SimulatedNode, index: Index, term: Term): void {
    if (index % DIGEST_EVERY !== 0) return;
    this.#sealed.set(`${term}/${index}`, node.replica!.stateDigest().digest);
  }

  /** After `CommittedLog.add`. */
  applied(node: SimulatedNode, entry: Entry): void {
    const { index, term, checksum } = entry;
    const known = this.#log.at(index);
    if (known === undefined) return;
    if (known.entry.term !== term || known.entry.checksum !== checksum) {
      this.#report(
        "state-machine safety",
        `index ${index}: node ${node.id} applied term ${term}, node ${known.node} term ${known.entry.term}`,
      );
    }
    const replica = node.replica!;
    // A leader's state may be ahead of what it has just committed.
    if (replica.serving && (replica.nextIndex !== index + 1 || replica.status().executed !== index))
      return;
    if (known.touched !== null) {
      this.#compareMark(node, index, touchedMark(replica.keyspace, known.touched));
    }
    if (known.touched === null || index % DIGEST_EVERY === 0) {
      const sealed = this.#sealed.get(`${term}/${index}`);
      if (sealed !== undefined) this.#compareDigest(node, index, sealed, "executed");
      this.#compareDigest(node, index, replica.stateDigest().digest, "applied");
    }
  }

  #compareMark(node: SimulatedNode, index: Index, mark: number): void {
    const known = this.#marks[index];
    this.#marks[index] = mark;
    if (known === undefined) return;
    this.compared += 1;
    if (known === mark) return;
    this.#report("digest", `index ${index} changed its keys differently on node ${node.id}`);
  }

  #compareDigest(node: SimulatedNode, index: Index, digest: string, how: string): void {
    const known = this.#digests.get(index);
    this.#digests.set(index, digest);
    if (known === undefined) return;
    this.compared += 1;
    if (known === digest) return;
    this.#report("digest", `index ${index} ${how} differs on node ${node.id}`);
  }
}
