export const setExamples: Readonly<Record<string, readonly string[]>> = {};
