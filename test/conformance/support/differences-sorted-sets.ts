import type { Difference } from "./differences.js";

/** As if behind `ZADD z 1 m` and `ZADD long -0` of this member. */
export const longMember = "n".repeat(65);

const repeated =
  "a negative count is bounded by nothing else: one request of a few bytes could end the node";
const negativeZero =
  "Redis keeps -0 in a skiplist and 0 in a listpack; here it is 0, because the encoding is no part of the content";

export const sortedSetDifferences: readonly Difference[] = [
  {
    command: "ZRANK z m WITHSCORE",
    ours: "*2",
    theirs: "-ERR wrong number of arguments for 'zrank' command",
    reason: "WITHSCORE is 7.2's",
    since72: true,
  },
  {
    command: "ZREVRANK z m WITHSCORE",
    ours: "*2",
    theirs: "-ERR wrong number of arguments for 'zrevrank' command",
    reason: "WITHSCORE is 7.2's",
    since72: true,
  },
  {
    command: "ZRANDMEMBER z -1048577",
    ours: "-ERR value is out of range",
    theirs: ":1048577",
    asked: "EVAL return(#redis.call('ZRANDMEMBER','z','-1048577')) 0",
    reason: repeated,
  },
  {
    command: "ZRANDMEMBER z -1048577 WITHSCORES",
    ours: "-ERR value is out of range",
    theirs: ":2097154",
    asked: "EVAL return(#redis.call('ZRANDMEMBER','z','-1048577','WITHSCORES')) 0",
    reason: repeated,
  },
  {
    command: `ZSCORE long ${longMember}`,
    ours: "$1",
    theirs: "$2",
    reason: negativeZero,
  },
];
