/** docs/reference/config.md, generated from the rows. */

import { type ConfigName, type ConfigRow, configNames, configRows, type Section } from "./rows.js";

const preamble = `# Configuration

Generated from the option table (\`packages/server/src/config/rows.ts\`); a test keeps it fresh.

\`redoubt-server [redoubt.conf] [--name value ...] [-]\`: the file is written as a redis.conf (one option a
line, quotes, \`#\` comments, \`include\`), the command line wins over the file, and \`-\` at the end reads more
of it from standard input. Of two lines for one option the later wins. Sizes: \`1k\` is 1000, \`1kb\` 1024 bytes,
likewise \`m\`, \`mb\`, \`g\`, \`gb\`. An option that is not listed here is refused.

*Set* says that CONFIG SET changes it while the node runs; CONFIG REWRITE writes such changes into the file.
Names in **bold** are Redoubt's own, the others mean what they mean in Redis, except as noted.

Heap: V8's heap limit is set at start to 256 MB + 1.25 x \`maxmemory\` (a larger \`--max-old-space-size\` given by
hand is kept). Without a limit (\`maxmemory 0\`) three quarters of the machine's memory take the place of
1.25 x \`maxmemory\`. When the process was started with less, it starts itself again: the pid file names the
server, and a signal to either process reaches it. CONFIG SET maxmemory cannot go beyond what the heap carries.
So started, the heap is collected as a whole from 512 MB on (half of a smaller limit): \`--initial-heap-size\`. Who starts
\`redoubt-server\` with a limit by hand sets that too: large values are written about twice as fast with it. On Node 20
\`--interrupt-budget=20000\` comes with it: code is optimized sooner, and a node takes more commands in its first seconds,
and in those after it has been elected.

A server started with an IPC channel (by \`npm start\`, or by itself as above) stops gracefully when the
process that started it is gone, even by SIGKILL: there are no orphans.
`;

const sections: readonly Section[] = [
  "Node",
  "Consensus",
  "Clients",
  "Announcing",
  "Memory",
  "Saving",
  "Process",
];

export function configReference(): string {
  const parts = sections.map((section) => {
    const names = configNames.filter((name) => configRows[name].section === section);
    const head = "| option | value | default | set | |\n|---|---|---|---|---|";
    return `## ${section}\n\n${head}\n${names.map(referenceLine).join("\n")}\n`;
  });
  return `${preamble}\n${parts.join("\n")}`;
}

function referenceLine(name: ConfigName): string {
  const row = configRows[name] as ConfigRow<unknown>;
  const shownName = row.origin === "redoubt" ? `**${name}**` : name;
  const notes = [row.summary];
  if (row.commandLineOnly === true) notes.push("Command line only.");
  if (row.differs !== undefined) notes.push(`Differs from Redis: ${row.differs}.`);
  const value = row.kind.format(row.default);
  const initial = row.defaultText ?? (value === "" ? "none" : `\`${value}\``);
  return `| ${shownName} | ${row.kind.syntax} | ${initial} | ${row.mutable ? "yes" : ""} | ${notes.join(" ")} |`;
}
