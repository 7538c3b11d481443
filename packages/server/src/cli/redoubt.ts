/**
 * redoubt: operations on a cluster from the command line. Finds the subcommand, turns every reason to end
 * early into one line and an exit code.
 */

import { subcommands } from "./redoubt-table.js";
import { CliError, ExitCode, processTerminal, type Terminal } from "./redoubt-terminal.js";
import { versionText } from "./usage.js";

/** The exit code. Nothing is left running when it resolves. */
export async function main(
  argv: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<ExitCode> {
  const [name = "", ...rest] = argv;
  if (name === "--version" || name === "-v") {
    terminal.out(versionText.trimEnd());
    return ExitCode.ok;
  }
  if (name === "--help" || name === "help") {
    for (const line of await usageLines()) terminal.out(line);
    return ExitCode.ok;
  }
  const load = subcommands.get(name);
  if (load === undefined) {
    const what = name === "" ? "a subcommand is missing" : `unknown subcommand '${oneLine(name)}'`;
    terminal.err(`redoubt: ${what}: one of ${[...subcommands.keys()].join(", ")}; redoubt --help`);
    return ExitCode.usage;
  }
  const subcommand = await load();
  if (rest.includes("--help")) {
    for (const usage of subcommand.usage) terminal.out(`redoubt ${usage}`);
    terminal.out(subcommand.summary);
    return ExitCode.ok;
  }
  try {
    return await subcommand.run(rest, terminal);
  } catch (error) {
    terminal.progress("");
    if (!(error instanceof CliError)) throw error;
    terminal.err(`redoubt: ${oneLine(error.message)} (${error.code})`);
    return error.exitCode;
  }
}

async function usageLines(): Promise<string[]> {
  const lines = ["Operations on a Redoubt cluster.", ""];
  for (const load of subcommands.values()) {
    const { usage, summary } = await load();
    lines.push(...usage.map((each) => `  redoubt ${each}`), `      ${summary}`);
  }
  lines.push(
    "",
    "All but check, restore and recover ask a node first (any one will do, changes are sent on to the leader):",
    "  -h, --host HOST        default 127.0.0.1",
    "  -p, --port PORT        default 6379",
    "  -a, --password TEXT    better in the environment as REDISCLI_AUTH: others see a command line",
    "      --user NAME",
    "      --json             the answer as one JSON value",
    "",
    "Exit codes: 0 done, 1 refused or failed, 2 wrong use, 3 it is not known (yet) whether it was done.",
  );
  return lines;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
