/** Names and explanations that reports use: what was tested, what checkers ask, the few words of the field. */

import type { RunPlan } from "../run/run-result.js";

/** Each can be the subject of a sentence: `Redis, WAIT 1 lost 3 of...` would stumble. */
const TARGETS: Readonly<Record<string, string>> = {
  "redoubt-raft": "Redoubt",
  "redoubt-wait": "Redoubt in its wait mode",
  "redoubt-async": "Redoubt in its async mode",
  "redis-async": "Asynchronous Redis",
  "redis-wait1": "Redis with WAIT 1",
  "redis-wait2": "Redis with WAIT 2",
  "redis-aof-everysec": "Redis with AOF every second",
  "redis-aof-always": "Redis with AOF always",
  "redis-aof-no": "Redis with AOF left to the system",
  "redis-rdb": "Redis with RDB save points",
  "redis-hybrid": "Redis with AOF and RDB",
};

/** What was tested, with settings of its own. The target's name when none is known here. */
export function modeTitle({ target, settings = [] }: RunPlan): string {
  const title = TARGETS[target] ?? target;
  return settings.length === 0 ? title : `${title} (${settings.join(", ")})`;
}

export function isRedis(target: string): boolean {
  return target.startsWith("redis");
}

/** The mode that makes the promise. Its weak siblings are there to be caught. */
export function isStrong(target: string): boolean {
  return target === "redoubt-raft" || target === "redoubt";
}

/** By a word of the checker's name; the first that fits. */
const QUESTIONS: readonly (readonly [word: string, question: string])[] = [
  ["availab", "How long did clients wait for the next answer?"],
  ["bank", "Is the sum of all accounts the same in every reading?"],
  ["counter", "Does the counter hold all that was added, and no more?"],
  ["dirty", "Was a value read that later was gone?"],
  ["digest", "Do all nodes hold the same data at the same place of the log?"],
  ["final", "Is every acknowledged write on every node at the end?"],
  ["follower", "Do followers show only what was committed, and never go back?"],
  ["linearizab", "Could the answers come from one single copy that did one operation at a time?"],
  ["append", "Is there one order of all transactions that explains every answer?"],
  ["log", "Do the log's entries and its balance always agree?"],
  ["pub", "Was every message that was heard really sent, and never heard twice?"],
  ["queue", "Was everything that was put in taken out, once?"],
  ["session", "Does a session hold all its fields or none?"],
  ["set", "Is every added element in the set at the end?"],
  ["unique", "Was every number given out only once?"],
];

/** What a checker asks, in words; null when it is not known here. */
export function questionOf(checker: string): string | null {
  const known = QUESTIONS.find(([word]) => checker.toLowerCase().includes(word));
  return known?.[1] ?? null;
}

export const GLOSSARY: readonly (readonly [word: string, meaning: string])[] = [
  [
    "Acknowledged",
    "The database answered “done”. From then on the client relies on it. An acknowledged write that is not there at the end is lost.",
  ],
  [
    "Refused, unknown",
    "Refused: the answer says that it was certainly not done. Unknown: no answer came, or one that does not say; it may have happened or not, and either is right.",
  ],
  [
    "Dirty read",
    "A value that was read by a client and later was gone without anybody deleting it: somebody acted on what never came to be.",
  ],
  [
    "Leader, replica",
    "One node takes the writes (Redis: master) and sends them to the others. When it fails, another takes its place: a failover.",
  ],
  [
    "Fault",
    "What the tool does to the cluster on purpose: kills or pauses processes, cuts or spoils the network between nodes, takes the power from disks. A partition is a network cut in parts that cannot hear each other.",
  ],
  [
    "Linearizable",
    "All clients see what one single copy would have shown them, one operation at a time, each between its question and its answer. Its sibling for transactions of several keys is called strictly serializable.",
  ],
  [
    "p50, p99",
    "Half of all answers, and 99 of 100, took at most that long. The longest gap is the longest time in which nobody anywhere got an answer.",
  ],
];
