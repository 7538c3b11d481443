/** Of commands that wait for a key: none for longer than a test. */

export const blockingExamples: Readonly<Record<string, readonly string[]>> = {
  blpop: ["BLPOP k 0.01", "BLPOP nothing k 0.01"],
  brpop: ["BRPOP k 0.01"],
};
