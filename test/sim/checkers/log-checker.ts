/**
 * What the nodes' logs and states must agree on, looked at as it happens:
 * - log matching and state-machine safety: every node applies the same entry at an index, ever;
 * - digest: the state after an index is the same wherever and however it was reached - executed ahead,
 *   applied from the log, rolled back to, or replayed after a crash;
 * - one leader a term.
 * It also keeps the values that are committed, for the client's checker.
 */

import { toCommands } from "@redoubt/keyspace";
import { type Entry, EntryKind, type Index, type Term } from "@redoubt/raft";
import type { EntryObserver } from "@redoubt/replica";
import type { SimulatedNode } from "../world/node.js";

export class Violation extends Error {
  override readonly name = "Violation";
  readonly checker: string;
  constructor(checker: string, text: string) {
    super(`${checker}: ${text}`);
    this.checker = checker;
  }
}

interface Committed {
  readonly term: Term;
  readonly checksum: number;
  readonly node: number;
  digest: string | null;
}

export interface Change {
  readonly index: Index;
  /** null: deleted. */
  readonly value: string | null;
}

export class LogChecker {
  readonly #committed: Committed[] = [];
  readonly #leaders = new Map<Term, number>();
  /** Digest of the state a leader had executed when it sealed (term, index). */
  readonly #sealed = new Map<string, string>();
  /** Every token ("v12.") that a committed entry writes. */
  readonly committedTokens = new Set<string>();
  /** Committed changes of each register, ascending by index. */
  readonly #changes = new Map<string, Change[]>();
  digestsCompared = 0;
  rollbacks = 0;

  get committedIndex(): Index {
    return this.#committed.length;
  }

  observer(node: SimulatedNode): EntryObserver {
    return {
      sealed: (index, term) => {
        this.#sealed.set(`${term}/${index}`, node.replica!.stateDigest().digest);
      },
      applied: (entry) => this.#applied(node, entry),
      rolledBack: (_term, applied) => {
        this.rollbacks += 1;
        this.#compareDigest(node, applied, node.replica!.stateDigest().digest, "rolled back to");
      },
      turnEnded: () => this.#turnEnded(node),
    };
  }

  #applied(node: SimulatedNode, entry: Entry): void {
    const known = this.#committed[entry.index - 1];
    if (known === undefined) {
      if (entry.index !== this.#committed.length + 1) {
        throw new Violation("log matching", `node ${node.id} applied ${entry.index} out of order`);
      }
      this.#committed.push({
        term: entry.term,
        checksum: entry.checksum,
        node: node.id,
        digest: null,
      });
      if (entry.kind === EntryKind.batch) this.#collect(entry);
    } else if (known.term !== entry.term || known.checksum !== entry.checksum) {
      throw new Violation(
        "state-machine safety",
        `index ${entry.index}: node ${node.id} applied term ${entry.term}, node ${known.node} term ${known.term}`,
      );
    }
    const sealed = this.#sealed.get(`${entry.term}/${entry.index}`);
    if (sealed !== undefined) this.#compareDigest(node, entry.index, sealed, "executed");
    // A leader's state is ahead of what it just committed: only a follower's is of this very index.
    const state = node.replica!.stateDigest();
    if (state.index === entry.index) {
      this.#compareDigest(node, entry.index, state.digest, "applied");
    }
  }

  #compareDigest(node: SimulatedNode, index: Index, digest: string, how: string): void {
    if (index === 0) return;
    const known = this.#committed[index - 1];
    if (known === undefined) throw new Violation("digest", `nothing known of index ${index}`);
    this.digestsCompared += 1;
    if (known.digest === null) known.digest = digest;
    else if (known.digest !== digest) {
      throw new Violation("digest", `index ${index} ${how} on node ${node.id} differs`);
    }
  }

  #turnEnded(node: SimulatedNode): void {
    const { role, term } = node.replica!.status();
    if (role !== "leader") return;
    const known = this.#leaders.get(term);
    if (known === undefined) this.#leaders.set(term, node.id);
    else if (known !== node.id) {
      throw new Violation("one leader a term", `term ${term}: nodes ${known} and ${node.id}`);
    }
  }

  get terms(): number {
    return this.#leaders.size;
  }

  changesOf(key: string): readonly Change[] {
    return this.#changes.get(key) ?? [];
  }

  #collect({ index, payload }: Entry): void {
    for (const command of toCommands(payload)) {
      const argv = command.map((argument) => argument.toString("latin1"));
      for (const argument of argv) {
        const tokens = argument.match(/v\d+\./g);
        if (tokens !== null) for (const token of tokens) this.committedTokens.add(token);
      }
      this.#collectChange(index, argv);
    }
  }

  #collectChange(index: Index, [name, key = "", value]: readonly string[]): void {
    if (name === "FLUSHALL") {
      for (const changes of this.#changes.values()) changes.push({ index, value: null });
    } else if (key.startsWith("register")) {
      if (name !== "SET" && name !== "DEL") {
        throw new Violation("effects", `a register was changed by ${String(name)}`);
      }
      const change = { index, value: name === "SET" ? value! : null };
      const changes = this.#changes.get(key);
      if (changes === undefined) this.#changes.set(key, [change]);
      else changes.push(change);
    }
  }
}
