import { expect, test } from "vitest";
import type { Operation } from "../history/history.js";
import { answered, asked, shortened, summary } from "./operation-words.js";

const READ: Operation = {
  index: 0,
  process: 1,
  op: "read",
  key: "k",
  input: null,
  output: "9",
  outcome: "ok",
  invokedAt: 0,
  completedAt: 1,
  node: 1,
  error: null,
};

test.each<[Partial<Operation>, string]>([
  [{}, 'read k → "9"'],
  [{ output: null }, "read k → nothing there"],
  [{ op: "write", input: "7", output: "7" }, 'write k "7" → done'],
  [{ op: "setnx", input: "7", output: false }, 'setnx k "7" → no'],
  [{ op: "cas", input: ["1", "2"], output: true }, "cas k [1 2] → yes"],
  [{ op: "read-all", output: ["1", "a b"] }, 'read-all k → [1 "a b"]'],
  [
    { op: "write", input: "7", output: null, outcome: "fail", error: "READONLY no" },
    'write k "7" → refused: READONLY no',
  ],
  [{ op: "write", input: "7", output: null, outcome: "info" }, 'write k "7" → no answer'],
  [{ op: "read", key: "\u202ek", output: "\n" }, 'read \\u202ek → "\\n"'],
])("%j is told as %s", (changes, text) => {
  expect(summary({ ...READ, ...changes })).toBe(text);
});

test("a transaction is told by its steps, with what was read", () => {
  const txn: Operation = {
    ...READ,
    op: "txn",
    key: null,
    input: [
      ["append", "x", "3"],
      ["r", "y", null],
    ],
    output: [
      ["append", "x", "3", 2],
      ["r", "y", ["1", "2"]],
    ],
  };
  expect(summary(txn)).toBe("append x 3 (length 2) · read y → [1 2]");
  expect(asked(txn)).toBe("append x 3 · read y");
  expect(answered({ ...txn, outcome: "info", output: null })).toBe("no answer");
});

test("what is cut is said", () => {
  expect(shortened("🙂🙂🙂🙂", 4)).toBe("🙂🙂🙂🙂");
  expect(shortened("🙂🙂🙂🙂🙂", 3)).toBe("🙂🙂🙂… (2 more)");
});
