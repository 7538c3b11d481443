export const sortedSetExamples: Readonly<Record<string, readonly string[]>> = {};
