/**
 * redoubt check: whether a stopped node's directory holds everything it ever promised. Like redis-check-aof and
 * redis-check-rdb, but it never repairs: what is damaged comes back from the other members, or by `recover`.
 */

import { parseArgs } from "node:util";
import { checkLog, type LogErrorCode, type LogVerdict, type MasterKeys } from "@redoubt/level-log";

import { keyFileOption, masterKeysIn } from "./redoubt-key-file.js";
import { CliError, ExitCode, type Subcommand, usageError } from "./redoubt-terminal.js";

export const check: Subcommand = {
  usage: ["check DIR [--encryption-key-file FILE] [--json]"],
  summary:
    "Reads a stopped node's directory without changing it: ok, torn tail (what a crash leaves; nothing is " +
    "missing), or damaged, with exit code 1.",
  async run(argv, terminal) {
    const { directory, json, keyFile } = requestOf(argv);
    const verdict = await verdictOn(directory, masterKeysIn(keyFile));
    if (json) terminal.out(JSON.stringify({ directory, ...verdict }));
    else for (const line of linesOf(verdict)) terminal.out(line);
    return verdict.verdict === "damaged" ? ExitCode.failed : ExitCode.ok;
  },
};

interface Request {
  readonly directory: string;
  readonly json: boolean;
  readonly keyFile: string | null;
}

function requestOf(argv: readonly string[]): Request {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { json: { type: "boolean", default: false }, ...keyFileOption },
      allowPositionals: true,
      strict: true,
    });
    const [directory] = positionals;
    if (directory !== undefined && positionals.length === 1) {
      return { directory, json: values.json, keyFile: values["encryption-key-file"] ?? null };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw usageError(message.split(". ")[0] ?? message);
  }
  throw usageError("it is: check DIR, the node's directory");
}

async function verdictOn(directory: string, keys: MasterKeys | null): Promise<LogVerdict> {
  try {
    return await checkLog(directory, keys);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    // The log's own errors say what they are; what is left is the system refusing a file.
    if (!("syscall" in error)) {
      throw new CliError(error.code as LogErrorCode, error.message, error);
    }
    const line = `the directory ${directory} can't be read: ${error.message}`;
    throw new CliError("DIRECTORY_UNUSABLE", line, error);
  }
}

function linesOf({ verdict, damagedAt, what, parts }: LogVerdict): string[] {
  const lines = parts.map(
    (part) => `${part.part.padEnd(10)}  ${part.verdict.padEnd(9)}  ${part.text}`,
  );
  const at = damagedAt === null ? "" : ` at index ${damagedAt}`;
  return [...lines, verdict === "damaged" ? `damaged${at}: ${what}` : verdict];
}
