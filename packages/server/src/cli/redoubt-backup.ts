/** redoubt backup: a consistent copy of a running cluster, and a look through one that was made. */

import { makeBackup } from "../carry/backup.js";
import { type CheckedBackup, checkBackup } from "../carry/check-backup.js";
import { chooseNode } from "../carry/choose-node.js";
import { refuseExisting } from "../carry/export-data.js";
import { makeFreshSnapshot } from "../carry/fresh-snapshot.js";
import type { Manifest } from "../carry/manifest.js";
import { restorableRange } from "../carry/restore-state.js";
import { addressOf, asCliError, megabytes, ProgressLines } from "./redoubt-carry.js";
import { warnWithoutLeader } from "./redoubt-export.js";
import { type ParsedCommand, parseCommand } from "./redoubt-options.js";
import { ExitCode, type Subcommand, type Terminal, usageError } from "./redoubt-terminal.js";

const own = {
  base: { type: "string" },
  fresh: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
} as const;

export const backup: Subcommand = {
  usage: ["backup DIR [--fresh] [--base BACKUP]", "backup --check DIR"],
  summary:
    "A snapshot and the log behind it into a new directory, from a follower. --base: only the log behind an earlier " +
    "one beside it. --check: every byte of a backup is as it was written.",
  async run(argv, terminal) {
    const command = parseCommand(argv, own, terminal);
    const [directory] = command.positionals;
    if (directory === undefined || command.positionals.length > 1) {
      throw usageError("it is: backup DIR, or backup --check DIR");
    }
    if (command.flag("check") && (command.flag("fresh") || command.text("base") !== null)) {
      throw usageError("--check looks at a backup that is there: no --fresh, no --base");
    }
    if (command.flag("fresh") && command.text("base") !== null) {
      throw usageError("--fresh makes a snapshot, --base needs none");
    }
    try {
      if (command.flag("check")) return await check(directory, command, terminal);
      return await make(directory, command, terminal);
    } catch (error) {
      throw asCliError(error);
    }
  },
};

async function make(
  directory: string,
  command: ParsedCommand,
  terminal: Terminal,
): Promise<ExitCode> {
  refuseExisting(directory);
  const node = await chooseNode(addressOf(command), command.target);
  try {
    warnWithoutLeader(node, terminal);
    if (command.flag("fresh")) await makeFreshSnapshot(node.pipe);
    const lines = new ProgressLines(terminal);
    const manifest = await makeBackup({
      directory,
      node,
      base: command.text("base"),
      now: new Date(),
      report: (what, bytes, bytesTotal) => lines.bytes(`copying the ${what}`, bytes, bytesTotal),
    });
    lines.end();
    if (command.json) terminal.out(JSON.stringify(manifest));
    else for (const line of manifestLines(directory, manifest)) terminal.out(line);
    return ExitCode.ok;
  } finally {
    node.pipe.close();
  }
}

async function check(
  directory: string,
  command: ParsedCommand,
  terminal: Terminal,
): Promise<ExitCode> {
  const checked = await checkBackup(directory);
  const range = restorableRange(checked);
  if (command.json) terminal.out(JSON.stringify({ ok: true, ...range, parts: partsOf(checked) }));
  else {
    for (const { directory: path, manifest } of checked.parts) {
      for (const line of manifestLines(path, manifest)) terminal.out(line);
    }
    terminal.out(`ok: can be restored to any entry from ${range.first} to ${range.last}`);
  }
  return ExitCode.ok;
}

function partsOf({ parts }: CheckedBackup): object[] {
  return parts.map(({ directory, manifest }) => ({ directory, ...manifest }));
}

function manifestLines(directory: string, { clusterId, snapshot, log, base }: Manifest): string[] {
  const lines = [`${directory}: of cluster ${clusterId}`];
  if (snapshot !== null) {
    const { index, bytes, logTimeMs } = snapshot;
    lines.push(`  snapshot  entry ${index}, ${timeText(logTimeMs)}, ${megabytes(bytes)} MB`);
  }
  if (base !== null) lines.push(`  goes on from ${base.name}`);
  const { anchorIndex, lastIndex, lastLogTimeMs, bytes } = log;
  lines.push(
    lastIndex === anchorIndex
      ? "  log       nothing"
      : `  log       entries ${anchorIndex + 1} to ${lastIndex}, until ${timeText(lastLogTimeMs)}, ${megabytes(bytes)} MB`,
  );
  return lines;
}

function timeText(ms: number): string {
  return ms === 0 ? "no write" : new Date(ms).toISOString();
}
