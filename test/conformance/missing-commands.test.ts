/** The README says which of Redis 7.2's commands are missing: this list is made of the table, not by hand. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commandTable } from "@redoubt/commands";
import { expect, test } from "vitest";
import { redisCommands } from "./support/redis-commands.js";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const LIST = /(<!-- missing:begin -->\n)[\s\S]*(<!-- missing:end -->)/;

function has(fullName: string): boolean {
  const [name, subcommand] = fullName.split("|") as [string, string | undefined];
  const row = commandTable.lookup(Buffer.from(name));
  if (row === undefined) return false;
  return subcommand === undefined || row.subcommands?.has(subcommand) === true;
}

test("the README's list of missing commands is fresh", async () => {
  const readme = readFileSync(README, "utf8");
  expect(readme).toMatch(LIST);
  const missing = redisCommands.filter((name) => !has(name));
  const shown = missing.map((name) => `\`${name.toUpperCase().replace("|", " ")}\``).join(" ");
  const there = redisCommands.length - missing.length;
  const text = `\n${there} of Redis 7.2's ${redisCommands.length} commands are there (subcommands counted, HELP not). Missing: ${shown}\n\n`;
  await expect(readme.replace(LIST, (_, begin, end) => begin + text + end)).toMatchFileSnapshot(
    README,
  );
});
