/** Of libraries of functions: who asks about one asks about the whole keyspace. */

export const functionExamples: Readonly<Record<string, readonly string[]>> = {
  "function|delete": ["FUNCTION DELETE library"],
  "function|dump": ["FUNCTION DUMP"],
  "function|flush": ["FUNCTION FLUSH"],
  "function|restore": ["FUNCTION RESTORE x"],
};
