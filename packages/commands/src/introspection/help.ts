/** HELP of every container command, derived from its rows. */

import type { CommandRow } from "../types.js";
import { parseSyntax, usage } from "./syntax.js";

/** One status line each. */
export function helpLines(container: CommandRow): string[] {
  const name = container.fullName.toUpperCase();
  const lines = [`${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const sub of container.subcommands?.values() ?? []) {
    const args = usage(parseSyntax(sub.syntax));
    lines.push(args === "" ? sub.name.toUpperCase() : `${sub.name.toUpperCase()} ${args}`);
    lines.push(`    ${sub.summary}`);
  }
  return lines;
}
