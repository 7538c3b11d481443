/**
 * How many clients the process has file descriptors for. A client too many is refused; a descriptor too
 * few for the log is a failed write, and that stops the node, and then the next leader.
 */

import { clientsMin, descriptorsReserved } from "./constants.js";

/** Most clients under this limit of open files. */
export function clientsMaxFor(descriptorsMax: number): number {
  return Math.max(clientsMin, descriptorsMax - descriptorsReserved);
}

/** Open files this process may have; Infinity where the system does not say. Node raised it at start. */
export function descriptorsMax(): number {
  const report: unknown = process.report.getReport();
  const soft = Number(textAt(report, ["userLimits", "open_files", "soft"]));
  return Number.isSafeInteger(soft) && soft > 0 ? soft : Number.POSITIVE_INFINITY;
}

function textAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}
