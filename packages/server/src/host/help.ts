import type { ReplyWriter } from "@redoubt/resp";

/** HELP of a container command, in the shape Redis gives it: status lines, what each does indented. */
export function replyHelp(
  reply: ReplyWriter,
  command: string,
  subcommands: readonly (readonly [usage: string, what: string])[],
): void {
  const lines = [`${command} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const [usage, what] of subcommands) lines.push(usage, `    ${what}`);
  lines.push("HELP", "    Prints this help.");
  reply.array(lines.length);
  for (const line of lines) reply.simple(line);
}
