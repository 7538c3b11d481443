import type { Difference } from "./differences.js";

/** Commands behind which each row's is sent. */
export const beforeStreamDifferences: readonly string[] = [
  "XADD s 5-5 f v",
  "XADD s 6-6 f v",
  "XDEL s 6-6",
  "XGROUP CREATE s g 0",
  "XCLAIM s g idle 0 1-1",
  "XADD full 1-18446744073709551615 f v",
];

const largeCounter =
  "counters are exact up to 2^53 - 1; what a client sets is far from there, so none overflows";
const ownHelp = "HELP is made of the rows; its words are ours";

export const streamDifferences: readonly Difference[] = [
  {
    command: "XREAD STREAMS s s 0",
    ours: "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
    theirs:
      "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
    reason: "7.2's text",
    since72: true,
  },
  {
    command: "XREADGROUP GROUP g c STREAMS s s >",
    ours: "-ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.",
    theirs:
      "-ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
    reason: "7.2's text",
    since72: true,
  },
  {
    command: "XSETID s 5-5",
    ours: "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
    theirs: "+OK",
    reason: "7.2 checks the id against what was deleted",
    since72: true,
  },
  {
    command: "XINFO CONSUMERS s g",
    ours: "*1",
    theirs: "*0",
    reason:
      "7.2 makes the consumer of XREADGROUP, XCLAIM and XAUTOCLAIM even when it gets nothing; it also shows `inactive`, and `active-time` in XINFO STREAM FULL",
    since72: true,
  },
  {
    command: "XSETID s 9-9 ENTRIESADDED 4503599627370497",
    ours: "-ERR value is out of range",
    theirs: "+OK",
    reason: largeCounter,
  },
  {
    command: "XGROUP SETID s g 0 ENTRIESREAD 4503599627370497",
    ours: "-ERR value is out of range",
    theirs: "+OK",
    reason: largeCounter,
  },
  {
    command: "XCLAIM s g c 0 5-5 FORCE RETRYCOUNT 4503599627370497",
    ours: "-ERR value is out of range",
    theirs: "*1",
    reason: largeCounter,
  },
  {
    command: "XADD full 1-* f v",
    ours: "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
    theirs: "-ERR Elements are too large to be stored",
    reason: "7.0 has no reason at hand there and names a wrong one",
  },
  // So is XINFO HELP, which has as many lines by chance.
  { command: "XGROUP HELP", ours: "*13", theirs: "*17", reason: ownHelp },
];
