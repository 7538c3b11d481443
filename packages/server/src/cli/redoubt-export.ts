/** redoubt export: the data as a file for Redis, from a cluster that serves or the directory of a stopped node. */

import { mkdtempSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { MasterKeys } from "@redoubt/level-log";
import { type ChosenNode, chooseNode } from "../carry/choose-node.js";
import { type CopyPaths, copyNode, type NodeCopy } from "../carry/copy-node.js";
import { copyStoppedNode } from "../carry/copy-stopped-node.js";
import { type Exported, exportData, refuseExisting } from "../carry/export-data.js";
import { makeFreshSnapshot } from "../carry/fresh-snapshot.js";
import { addressOf, asCliError, megabytes, ProgressLines } from "./redoubt-carry.js";
import { keyFileOption, masterKeysIn } from "./redoubt-key-file.js";
import { type ParsedCommand, parseCommand } from "./redoubt-options.js";
import { ExitCode, type Subcommand, type Terminal, usageError } from "./redoubt-terminal.js";

const own = {
  rdb: { type: "string" },
  aof: { type: "string" },
  dir: { type: "string" },
  fresh: { type: "boolean", default: false },
  "temporary-dir": { type: "string" },
  ...keyFileOption,
} as const;

interface Request {
  readonly command: ParsedCommand;
  readonly form: "rdb" | "aof";
  readonly to: string;
  /** Of a stopped node; null: a running cluster. */
  readonly directory: string | null;
  /** Where that is encrypted. */
  readonly masterKeys: MasterKeys | null;
}

export const exportFrom: Subcommand = {
  usage: [
    "export --rdb FILE|--aof FILE [--fresh] [--dir DIR [--encryption-key-file FILE]] [--temporary-dir DIR]",
  ],
  summary:
    "All data up to now as a file that redis-server loads. A follower is asked; --fresh: for a snapshot first. " +
    "--dir DIR: a stopped node's directory instead.",
  async run(argv, terminal) {
    const request = requestOf(parseCommand(argv, own, terminal));
    const { command, to, form } = request;
    try {
      refuseExisting(to);
      const parent = command.text("temporary-dir") ?? dirname(to);
      const staging = mkdtempSync(join(parent, ".redoubt-export-"));
      try {
        const lines = new ProgressLines(terminal);
        const paths = { snapshot: join(staging, "snapshot"), entries: join(staging, "entries") };
        const copy = await copyOf(request, paths, lines, terminal);
        const report = lines.keys.bind(lines, "writing");
        const exported = await exportData({ copy, paths, form, to, report });
        lines.end();
        if (command.json) terminal.out(JSON.stringify(exported));
        else terminal.out(lineOf(to, exported));
        return ExitCode.ok;
      } finally {
        rmSync(staging, { recursive: true, force: true });
      }
    } catch (error) {
      throw asCliError(error);
    }
  },
};

function requestOf(command: ParsedCommand): Request {
  const rdb = command.text("rdb");
  const aof = command.text("aof");
  const to = rdb ?? aof;
  if (to === null || (rdb !== null && aof !== null) || command.positionals.length > 0) {
    throw usageError("it is: export --rdb FILE, or export --aof FILE");
  }
  const directory = command.text("dir");
  if (directory !== null && command.flag("fresh")) {
    throw usageError("--fresh is asked of a node that runs, --dir is of one that does not");
  }
  const keyFile = command.text("encryption-key-file");
  if (directory === null && keyFile !== null) {
    throw usageError("--encryption-key-file is of --dir: a node that runs has its own");
  }
  const masterKeys = masterKeysIn(keyFile);
  return { command, form: rdb === null ? "aof" : "rdb", to: resolve(to), directory, masterKeys };
}

async function copyOf(
  { command, directory, masterKeys }: Request,
  paths: CopyPaths,
  lines: ProgressLines,
  terminal: Terminal,
): Promise<NodeCopy> {
  if (directory !== null) return copyStoppedNode(directory, paths, masterKeys);
  const node = await chooseNode(addressOf(command), command.target);
  try {
    warnWithoutLeader(node, terminal);
    if (command.flag("fresh")) await makeFreshSnapshot(node.pipe);
    return await copyNode(node.pipe, {
      paths,
      atLeast: node.committed,
      report: (what, bytes, bytesTotal) => lines.bytes(`copying the ${what}`, bytes, bytesTotal),
    });
  } finally {
    node.pipe.close();
  }
}

export function warnWithoutLeader({ committed, nodeId }: ChosenNode, terminal: Terminal): void {
  if (committed > 0) return;
  terminal.err(
    `redoubt: no leader is known: what node ${nodeId} has is taken, and it may lack what was acknowledged last`,
  );
}

function lineOf(to: string, { keys, bytes, index, logTimeMs }: Exported): string {
  const when = logTimeMs === 0 ? "" : `, ${new Date(logTimeMs).toISOString()}`;
  return `${to}: ${keys} keys, ${megabytes(bytes)} MB, the state after entry ${index}${when}`;
}
