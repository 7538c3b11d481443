export const hashExamples: Readonly<Record<string, readonly string[]>> = {};
