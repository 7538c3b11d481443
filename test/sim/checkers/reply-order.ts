/** Replies never cross connections or order, also while leaders change in the middle of a pipeline (trap 36). */

import type { Operation } from "../workload/history.js";
import type { Report } from "./violation.js";

export function checkReplyOrder({ argv, reply }: Operation, report: Report): void {
  if (argv[0] !== "ECHO" || reply === argv[1]) return;
  report("order", `${argv[1]} was answered ${String(reply)}`);
}
