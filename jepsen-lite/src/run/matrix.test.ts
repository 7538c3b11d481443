import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { linesOf } from "./matrix.js";

test("a line that a crash cut off is as if it were not there", () => {
  const directory = mkdtempSync(join(tmpdir(), "matrix-"));
  try {
    const path = join(directory, "matrix.jsonl");
    expect(linesOf(path)).toEqual([]);
    writeFileSync(path, '{"name":"a"}\n{"name":"b"}\n{"na');
    expect(linesOf(path).map(({ name }) => name)).toEqual(["a", "b"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
