/** Publishing reveals that its message is durable. */
export const pubSubExamples: Readonly<Record<string, readonly string[]>> = {
  publish: ["PUBLISH k m"],
  spublish: ["SPUBLISH k m"],
};
