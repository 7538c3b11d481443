/** Of commands that wait for a key: none for longer than a test. */

export const blockingExamples: Readonly<Record<string, readonly string[]>> = {
  blpop: ["BLPOP k 0.01", "BLPOP nothing k 0.01"],
  brpop: ["BRPOP k 0.01"],
  blmpop: ["BLMPOP 0.01 2 nothing k LEFT"],
  blmove: ["BLMOVE k k2 LEFT RIGHT 0.01"],
  bzpopmin: ["BZPOPMIN k 0.01"],
  bzpopmax: ["BZPOPMAX nothing k 0.01"],
  bzmpop: ["BZMPOP 0.01 2 nothing k MIN"],
  brpoplpush: ["BRPOPLPUSH k k2 0.01"],
};
