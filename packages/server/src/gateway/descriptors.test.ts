import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { clientsMin, descriptorsReserved } from "./constants.js";
import { clientsMaxFor, descriptorsMax } from "./descriptors.js";

test("clients leave the log its descriptors", () => {
  expect(clientsMaxFor(1024)).toBe(1024 - descriptorsReserved);
  expect(clientsMaxFor(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});

test("a few clients are admitted however low the limit is", () => {
  expect(clientsMaxFor(64)).toBe(clientsMin);
});

test("the limit is the one the process was started with", () => {
  const file = fileURLToPath(new URL("./descriptors.ts", import.meta.url));
  const script = `import(${JSON.stringify(file)}).then((m) => console.log(m.descriptorsMax()))`;
  const node = `'${process.execPath}' --import tsx -e '${script}'`;
  const { stdout } = spawnSync("sh", ["-c", `ulimit -n 512 && ${node}`], { encoding: "utf8" });
  expect(stdout.trim()).toBe("512");
  expect(descriptorsMax()).toBeGreaterThan(0);
});
