/** Whether the cluster became whole again when everything was healed: one leader, all nodes following and level. */

import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";

/** `missing`: what is not as it should be, in words; null: nothing. */
export const recovery =
  (missing: string | null): Checker =>
  () => {
    const findings = new Findings("recovery");
    if (missing !== null) {
      findings.add({
        kind: "not whole again",
        figure: "notWhole",
        text: `All faults were taken back and all nodes started, and the cluster did not become whole: ${missing}.`,
        key: null,
        operations: [],
        impossible: null,
      });
    }
    return findings.verdict({});
  };
