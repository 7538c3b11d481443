import type { Difference } from "./differences.js";

/** As if behind `SADD s m`. */
export const setDifferences: readonly Difference[] = [
  {
    command: "SRANDMEMBER s -1048577",
    ours: "-ERR value is out of range",
    theirs: ":1048577",
    asked: "EVAL return(#redis.call('SRANDMEMBER','s','-1048577')) 0",
    reason:
      "a negative count is bounded by nothing else: one request of a few bytes could end the node",
  },
];
