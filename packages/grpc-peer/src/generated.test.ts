import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const buf = fileURLToPath(new URL("../../../node_modules/.bin/buf", import.meta.url));
const generated = "src/generated/redoubt/peer/v1/peer.ts";

test("the code generated from peer.proto is fresh (buf generate in packages/grpc-peer)", () => {
  const output = mkdtempSync(join(tmpdir(), "redoubt-proto-"));
  try {
    execFileSync(buf, ["generate", "--output", output], { cwd: root });
    const fresh = readFileSync(join(output, generated), "utf8");
    expect(readFileSync(join(root, generated), "utf8")).toBe(fresh);
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
});

test("peer.proto passes buf's lint", () => {
  expect(() => execFileSync(buf, ["lint"], { cwd: root, stdio: "pipe" })).not.toThrow();
});
