export const streamExamples: Readonly<Record<string, readonly string[]>> = {};
