import type { Difference } from "./differences.js";

/** As if behind `RPUSH l a b`. */
export const listDifferences: readonly Difference[] = [
  {
    command: "LPOS l b RANK -9223372036854775808",
    ours: "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
    theirs: ":1",
    reason: "7.2 refuses the rank that has no opposite; 7.0 takes it for -1",
    since72: true,
  },
];

const encodingByContent =
  "by the bytes, as if just set or loaded; Redis: by the command that made it";

/** As if behind a list, a set, a sorted set that was sorted, and a string made by two APPENDs. */
export const objectDifferences: readonly Difference[] = [
  {
    command: "OBJECT ENCODING l",
    ours: "$8",
    theirs: "$9",
    reason: "listpack since 7.2, quicklist in 7.0",
    since72: true,
  },
  {
    command: "OBJECT ENCODING s",
    ours: "$8",
    theirs: "$9",
    reason: "listpack since 7.2, hashtable in 7.0",
    since72: true,
  },
  {
    command: "OBJECT ENCODING z",
    ours: "$8",
    theirs: "+skiplist",
    asked: "EVAL return(redis.status_reply(redis.call('OBJECT','ENCODING','z'))) 0",
    reason: "SORT reads a sorted set as it is; Redis makes a skiplist of it",
  },
  { command: "OBJECT ENCODING word", ours: "$6", theirs: "$3", reason: encodingByContent },
];
