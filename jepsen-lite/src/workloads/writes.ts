/**
 * One fresh key a write, read by another client as soon as the writer knows its outcome: the plain question whether
 * what was acknowledged is there at the end, and whether what somebody read can vanish. Beside every other workload
 * a little of it runs, so that each run has these figures.
 */

import { dirtyReads } from "../checkers/dirty-reads.js";
import { finalReads } from "../checkers/final-reads.js";
import { linearizableRegisters } from "../checkers/linearizable-registers.js";
import type { Client } from "./client.js";
import { stringOf, stringOrNull } from "./replies.js";
import type { ClientPlan, FinalRead, Workload, WorkloadRun } from "./workload.js";

/** Milliseconds. Six writers then ask for about 600 writes a second. */
const PAUSE_MS = 8;
const WRITERS = 6;
/** Beside another workload. */
const PROBE_PAUSE_MS = 20;
/** Bytes of a large value. 600 a second of them are more than a narrow link carries. */
const LARGE_BYTES = 200;

export const writes: Workload = {
  name: "writes",
  summary: "SET of one fresh key a write, each read back at once by another client",
  start: () => writesRun("w", WRITERS, PAUSE_MS),
};

export const largeWrites: Workload = {
  name: "large-writes",
  summary: `the same with values of ${LARGE_BYTES} bytes`,
  start: () => writesRun("w", WRITERS, PAUSE_MS, LARGE_BYTES),
};

/** The same in small, beside another workload. Nobody roams: most clients stay where they are. */
export function writesProbe(): WorkloadRun {
  return writesRun("probe", 1, PROBE_PAUSE_MS);
}

function writesRun(prefix: string, writers: number, pauseMs: number, valueBytes = 0): WorkloadRun {
  const written: string[] = [];
  /** Written or perhaps written, and not read yet. */
  const unread: string[] = [];
  const write = async (client: Client): Promise<void> => {
    const key = `${prefix}:${written.length}`;
    const value = String(written.length).padEnd(valueBytes, ".");
    written.push(key);
    const { outcome } = await client.operate(
      { op: "write", key, value, isWrite: true },
      async (link) => {
        stringOf(await link.write("SET", key, value));
        return value;
      },
    );
    if (outcome !== "fail") unread.push(key);
  };
  const read = async (client: Client): Promise<void> => {
    const key = unread.shift();
    if (key === undefined) return;
    await client.operate({ op: "read", key, value: null, isWrite: false }, async (link) =>
      stringOrNull(await link.look("GET", key)),
    );
  };
  const clients: ClientPlan[] = [];
  for (let at = 0; at < writers; at++) {
    clients.push({ step: write, pauseMs }, { step: read, pauseMs: pauseMs / 2 });
  }
  return {
    clients,
    finalReads: () => written.map(finalGet),
    checkers: [finalReads, dirtyReads, linearizableRegisters],
  };
}

export function finalGet(key: string): FinalRead {
  return { key, commands: [["GET", key]], value: ([reply]) => stringOrNull(reply) };
}
