/**
 * redoubt import: the data of an RDB file, or of a running Redis, into a cluster that serves. The whole source is
 * read and checked before the first key is written; what has no home here is refused by name.
 */

import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { checkImport, type ImportPlan } from "../carry/import-check.js";
import { type ImportReport, importFile, keysMissing } from "../carry/import-file.js";
import type { ImportOptions } from "../carry/import-options.js";
import { LeaderLink } from "../carry/leader-link.js";
import { dumpRedis } from "../carry/redis-dump.js";
import { isRedisUrl, parseRedisUrl, type RedisSource } from "../carry/redis-url.js";
import {
  addressOf,
  asCliError,
  megabytes,
  ProgressLines,
  withTemporaryFile,
} from "./redoubt-carry.js";
import { databaseMax } from "./redoubt-constants.js";
import { type ParsedCommand, parseCommand } from "./redoubt-options.js";
import {
  CliError,
  ExitCode,
  type Subcommand,
  type Terminal,
  usageError,
} from "./redoubt-terminal.js";

const own = {
  "into-existing": { type: "boolean", default: false },
  replace: { type: "boolean", default: false },
  "without-functions": { type: "boolean", default: false },
  database: { type: "string" },
  verify: { type: "boolean", default: false },
  "check-only": { type: "boolean", default: false },
  "temporary-dir": { type: "string" },
} as const;

interface Request {
  readonly command: ParsedCommand;
  readonly options: ImportOptions;
  readonly verify: boolean;
  readonly checkOnly: boolean;
}

const stageNames = { check: "checking", write: "importing", verify: "comparing" } as const;

export const importInto: Subcommand = {
  usage: [
    "import FILE|redis://[[USER:]PASSWORD@]HOST:PORT [--into-existing [--replace]] [--database N] " +
      "[--without-functions] [--verify] [--check-only] [--temporary-dir DIR]",
  ],
  summary:
    "Data of an RDB file or a running Redis into the cluster: checked as a whole first. --verify reads it back. " +
    "A password that is not in the URL is taken from REDOUBT_SOURCE_AUTH.",
  async run(argv, terminal) {
    const command = parseCommand(argv, own, terminal);
    const [source] = command.positionals;
    if (source === undefined || command.positionals.length > 1) {
      throw usageError("it is: import FILE or import redis://HOST:PORT");
    }
    const redis = isRedisUrl(source) ? redisSource(source, terminal) : null;
    const request = requestOf(command, redis);
    try {
      if (redis === null) return await importPath(source, request, terminal);
      const directory = command.text("temporary-dir") ?? tmpdir();
      return await withTemporaryFile(directory, async (path) => {
        await download(redis, path, terminal, command.json);
        return importPath(path, request, terminal);
      });
    } catch (error) {
      throw asCliError(error);
    }
  },
};

function redisSource(text: string, { environment }: Terminal): RedisSource {
  const source = parseRedisUrl(text);
  if (typeof source === "string") throw usageError(`the source can't be used: ${source}`);
  if (source.password !== "") return source;
  return { ...source, password: environment["REDOUBT_SOURCE_AUTH"] ?? "" };
}

function requestOf(command: ParsedCommand, redis: RedisSource | null): Request {
  const database = command.integer("database", 0, databaseMax) ?? redis?.database ?? null;
  const options: ImportOptions = {
    database: database ?? 0,
    ignoresOtherDatabases: database !== null,
    ignoresFunctions: command.flag("without-functions"),
    intoExisting: command.flag("into-existing"),
    replaces: command.flag("replace"),
  };
  if (options.replaces && !options.intoExisting) {
    throw usageError("--replace is said with --into-existing");
  }
  return {
    command,
    options,
    verify: command.flag("verify"),
    checkOnly: command.flag("check-only"),
  };
}

async function download(
  redis: RedisSource,
  path: string,
  terminal: Terminal,
  json: boolean,
): Promise<void> {
  const lines = new ProgressLines(terminal);
  const file = await open(path, "wx", 0o600);
  try {
    const bytes = await dumpRedis(redis, file, (progress) =>
      lines.bytes("receiving", progress.bytes, progress.bytesTotal),
    );
    lines.end();
    if (!json) terminal.out(`received   ${megabytes(bytes)} MB from ${redis.address}`);
  } finally {
    await file.close();
  }
}

async function importPath(path: string, request: Request, terminal: Terminal): Promise<ExitCode> {
  const { command, options, verify, checkOnly } = request;
  const lines = new ProgressLines(terminal);
  const { size: bytes } = statSync(path);
  if (checkOnly) {
    const plan = await checkImport(path, bytes, options, (progress) =>
      lines.keys("checking", progress),
    );
    lines.end();
    if (command.json) terminal.out(JSON.stringify({ done: false, ...plan }));
    else for (const line of planLines(plan)) terminal.out(line);
    return ExitCode.ok;
  }
  const link = new LeaderLink(addressOf(command), command.target);
  try {
    const report = await importFile(link, {
      path,
      bytes,
      options,
      verify,
      report: (stage, progress) => lines.keys(stageNames[stage], progress),
    });
    lines.end();
    if (command.json) terminal.out(JSON.stringify(outcomeOf(report)));
    else for (const line of reportLines(report)) terminal.out(line);
    const missing = keysMissing(report);
    if (missing === 0) return ExitCode.ok;
    const line = `${missing} keys that were imported are not there any more: did others delete them?`;
    throw new CliError("DIFFERS", line);
  } finally {
    link.close();
  }
}

function outcomeOf({ plan, result, keysBefore, keysAfter, verified }: ImportReport): object {
  const { keysLeftOut, functionsLeftOut, rdbVersion } = plan;
  const left = { libraries: plan.libraries, keysLeftOut, functionsLeftOut };
  return { done: true, rdbVersion, ...result, ...left, keysBefore, keysAfter, verified };
}

function planLines(plan: ImportPlan): string[] {
  const lines = [
    `checked    ${plan.keys} keys, ${megabytes(plan.bytes)} MB, RDB version ${plan.rdbVersion}`,
  ];
  if (plan.expired > 0) lines.push(`expired    ${plan.expired} of them`);
  if (plan.keysLeftOut > 0) lines.push(`left out   ${plan.keysLeftOut} keys of other databases`);
  if (plan.libraries.length > 0)
    lines.push(`functions  ${plan.libraries.length} libraries: ${plan.libraries.join(", ")}`);
  if (plan.functionsLeftOut > 0)
    lines.push(`left out   ${plan.functionsLeftOut} function libraries`);
  return lines;
}

function reportLines({ plan, result, keysBefore, keysAfter, verified }: ImportReport): string[] {
  const lines = planLines(plan).filter((line) => !line.startsWith("expired"));
  lines.push(`imported   ${result.keys} keys`);
  if (result.expired > 0) lines.push(`expired    ${result.expired} keys, not imported`);
  if (result.repeated > 0)
    lines.push(`repeated   ${result.repeated} keys: leadership changed meanwhile`);
  lines.push(`the cluster holds ${keysAfter} keys now, ${keysBefore} before`);
  if (verified !== null) lines.push(`compared   ${verified} keys, all as in the source`);
  return lines;
}
