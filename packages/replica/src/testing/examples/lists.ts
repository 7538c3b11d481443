export const listExamples: Readonly<Record<string, readonly string[]>> = {};
