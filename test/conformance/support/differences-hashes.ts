import type { Difference } from "./differences.js";

/** As if behind `HSET h f v`. */
export const hashDifferences: readonly Difference[] = [
  {
    command: "HRANDFIELD h -1048577",
    ours: "-ERR value is out of range",
    theirs: ":1048577",
    asked: "EVAL return(#redis.call('HRANDFIELD','h','-1048577')) 0",
    reason:
      "a negative count is bounded by nothing else: one request of a few bytes could end the node",
  },
  {
    command: "HRANDFIELD h -1048577 WITHVALUES",
    ours: "-ERR value is out of range",
    theirs: ":2097154",
    asked: "EVAL return(#redis.call('HRANDFIELD','h','-1048577','WITHVALUES')) 0",
    reason:
      "a negative count is bounded by nothing else: one request of a few bytes could end the node",
  },
];
