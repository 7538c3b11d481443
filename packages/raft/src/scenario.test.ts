/** Protocol scenarios as text. REWRITE=1 writes what the commands print now; explain the diff before committing it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runScenario } from "../testing/scenario.js";

const directory = new URL("../testdata/", import.meta.url);

for (const file of readdirSync(directory).filter((name) => name.endsWith(".txt"))) {
  const path = new URL(file, directory);
  const text = readFileSync(path, "utf8");
  const title = text.split("\n", 1)[0]?.replace(/^#\s*/, "") ?? file;
  test(`${file}: ${title}`, () => {
    const printed = runScenario(text);
    if (process.env.REWRITE === "1") writeFileSync(path, printed);
    else expect(printed).toBe(text);
  });
}
