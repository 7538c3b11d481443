/**
 * A node's READONLY reads never go back: each shows a committed prefix that is at least as long as every
 * prefix that node had shown before the read was asked for - also over its crashes. Expiry belongs to it: a
 * key is gone from the index whose log time is past its deadline, on every node, whatever its clock says.
 *
 * A read tells of an interval of indexes, between the write it saw and the next change of its key. The
 * earliest prefix that explains all reads of a node so far is its floor; a read that ends before it is
 * a step back. A machine with a new disk is the same to those who read there.
 */

import type { Index } from "@redoubt/raft";
import type { Operation } from "../workload/history.js";
import type { CommittedLog } from "./committed-log.js";
import type { Report } from "./violation.js";

interface Floor {
  readonly returnedMs: number;
  readonly index: Index;
}

export class MonotoneReads {
  readonly #log: CommittedLog;
  readonly #report: Report;
  readonly #floors = new Map<number, Floor[]>();
  checked = 0;

  constructor(log: CommittedLog, report: Report) {
    this.#log = log;
    this.#report = report;
  }

  /** An answered READONLY GET of a followed key, in the order the answers came. */
  answered(operation: Operation): void {
    const { node, key, reply, invokedMs, returnedMs } = operation;
    let floors = this.#floors.get(node);
    if (floors === undefined) {
      floors = [];
      this.#floors.set(node, floors);
    }
    const before = floorBefore(floors, invokedMs);
    const changes = this.#log.changesOf(key);
    // Before its first change a key is missing.
    let from = 0;
    let value: string | null = null;
    for (let at = 0; ; at++) {
      const next = changes[at];
      const end = next === undefined ? Number.POSITIVE_INFINITY : next.index - 1;
      // A leader answers as well, and may show what the rest of its batch changed again.
      if (value === reply && end >= before) break;
      if (next === undefined) {
        this.#report(
          "monotone reads",
          `node ${node} showed ${key} = ${String(reply)} after a state of at least index ${before}`,
        );
        return;
      }
      from = next.index;
      value = next.value;
    }
    this.checked += 1;
    const newest = floors.at(-1)?.index ?? 0;
    if (from > newest) floors.push({ returnedMs, index: from });
  }
}

/** What was shown before `timeMs`: reads that overlap say nothing about each other. */
function floorBefore(floors: readonly Floor[], timeMs: number): Index {
  for (let at = floors.length - 1; at >= 0; at--) {
    const floor = floors[at]!;
    if (floor.returnedMs < timeMs) return floor.index;
  }
  return 0;
}
