/**
 * redoubt restore: a backup as the first state of a new cluster. It builds the directories its members start with;
 * said once for all of them on one machine, or once for each of them on its own, with the same words.
 */

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bootstrapLog, type MasterKeys } from "@redoubt/level-log";
import type { Configuration, Index, Timing } from "@redoubt/raft";
import { type CheckedBackup, checkBackup } from "../carry/check-backup.js";
import { CarryError } from "../carry/errors.js";
import { RdbFile } from "../carry/rdb-file.js";
import {
  configurationAt,
  indexAtTime,
  type RestoredState,
  restorableRange,
  restoreState,
} from "../carry/restore-state.js";
import {
  clockDriftPercentMaxMax,
  electionTimeoutMsMax,
  electionTimeoutMsMin,
  nodeIdMax,
  peersMax,
} from "../config/constants.js";
import { clusterIdRule } from "../config/rows.js";
import { type Peer, peerList } from "../config/values.js";
import { asCliError } from "./redoubt-carry.js";
import { keyFileOption, masterKeysIn } from "./redoubt-key-file.js";
import { integerIn, type ParsedCommand, parseCommand } from "./redoubt-options.js";
import {
  CliError,
  ExitCode,
  type Subcommand,
  type Terminal,
  usageError,
} from "./redoubt-terminal.js";

const own = {
  "cluster-id": { type: "string" },
  peers: { type: "string" },
  "to-index": { type: "string" },
  "to-time": { type: "string" },
  "election-timeout": { type: "string" },
  "clock-drift-percent-max": { type: "string" },
  ...keyFileOption,
} as const;

/** Of every member of a cluster that is born. */
const firstIncarnation = 1;

interface Member {
  readonly id: number;
  readonly directory: string;
}

interface Request {
  readonly command: ParsedCommand;
  readonly backup: string;
  readonly members: readonly Member[];
  readonly clusterId: string;
  readonly peers: readonly Peer[];
  readonly toIndex: Index | null;
  /** Milliseconds since the epoch. */
  readonly toTimeMs: number | null;
  /** What the members will be encrypted by; null: they will not. */
  readonly masterKeys: MasterKeys | null;
}

export const restore: Subcommand = {
  usage: [
    'restore BACKUP ID=DIR... --cluster-id NAME --peers "ID@HOST:PORT ..." ' +
      "[--to-index N|--to-time TIME] [--election-timeout MS] [--clock-drift-percent-max N] " +
      "[--encryption-key-file FILE]",
  ],
  summary:
    "Directories of a new cluster's members out of a backup, as it was in the end, at an entry or at a time " +
    "(ISO 8601, or milliseconds since 1970). The same words for each member; then they are started without --bootstrap.",
  async run(argv, terminal) {
    const request = requestOf(parseCommand(argv, own, terminal));
    try {
      for (const { directory } of request.members) refuseFilled(directory);
      const checked = await checkBackup(request.backup, request.toTimeMs ?? undefined);
      const to = indexOf(checked, request);
      return await restoreMembers(checked, to, request, terminal);
    } catch (error) {
      throw asCliError(error);
    }
  },
};

function requestOf(command: ParsedCommand): Request {
  const [backup, ...targets] = command.positionals;
  if (backup === undefined || targets.length === 0) {
    throw usageError(
      "it is: restore BACKUP ID=DIR..., the directories of members of the new cluster",
    );
  }
  const clusterId = command.text("cluster-id") ?? "";
  const problem = clusterId === "" ? "the new cluster must have a name" : clusterIdRule(clusterId);
  if (problem !== null) throw usageError(`--cluster-id: ${problem}`);
  const peers = peersOf(command.text("peers"));
  const toIndex = command.integer("to-index", 1, Number.MAX_SAFE_INTEGER);
  const toTime = command.text("to-time");
  if (toIndex !== null && toTime !== null) throw usageError("it is --to-index or --to-time");
  return {
    command,
    backup: resolve(backup),
    members: membersOf(targets, peers),
    clusterId,
    peers,
    toIndex,
    toTimeMs: toTime === null ? null : timeOf(toTime),
    masterKeys: masterKeysIn(command.text("encryption-key-file")),
  };
}

function peersOf(text: string | null): readonly Peer[] {
  const words = (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
  const parsed = peerList(nodeIdMax, peersMax).parse(words, []);
  if (!parsed.ok) throw usageError(`--peers: ${parsed.reason}`);
  if (parsed.value.every(({ witness }) => witness)) {
    throw usageError("--peers names the members as id@host:port; one of them must hold the data");
  }
  return parsed.value;
}

function membersOf(targets: readonly string[], peers: readonly Peer[]): Member[] {
  const members = targets.map((target) => {
    const [, id = "", directory = ""] = /^(\d+)=(.+)$/.exec(target) ?? [];
    if (directory === "") throw usageError(`a member is ID=DIR, not '${target}'`);
    return { id: integerIn(id, "a member's id", 1, nodeIdMax), directory: resolve(directory) };
  });
  for (const { id } of members) {
    if (!peers.some((peer) => peer.id === id))
      throw usageError(`--peers does not name member ${id}`);
  }
  const ids = new Set(members.map(({ id }) => id));
  const directories = new Set(members.map(({ directory }) => directory));
  if (Math.min(ids.size, directories.size) < members.length) {
    throw usageError("a member and a directory are named once each");
  }
  return members;
}

function timeOf(text: string): number {
  const ms = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw usageError(`--to-time is ISO 8601 or milliseconds since 1970, not '${text}'`);
}

/** A node's data is never written over: not a log, and nothing else that somebody may want. */
function refuseFilled(directory: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (names.length > 0) throw new CarryError("REFUSED", `${directory} is not empty`);
}

function indexOf(checked: CheckedBackup, { toIndex, toTimeMs }: Request): Index {
  const { first, last } = restorableRange(checked);
  const index = toTimeMs === null ? (toIndex ?? last) : indexAtTime(checked, toTimeMs);
  if (index >= first && index <= last) return index;
  throw new CliError("REFUSED", `the backup goes from entry ${first} to ${last}`);
}

async function restoreMembers(
  checked: CheckedBackup,
  to: Index,
  request: Request,
  terminal: Terminal,
): Promise<ExitCode> {
  const { members, command, masterKeys } = request;
  const configuration = configurationOf(checked, to, request);
  const parent = dirname(members[0]!.directory);
  mkdirSync(parent, { recursive: true });
  const staging = mkdtempSync(join(parent, ".redoubt-restore-"));
  try {
    terminal.progress(`building the state after entry ${to}`);
    const path = join(staging, "snapshot.rdb");
    const state = restoreState(checked, to, configuration, path);
    for (const member of members) {
      terminal.progress(`writing ${member.directory}`);
      await bear(member, configuration, { state, path, masterKeys });
    }
    terminal.progress("");
    if (command.json) terminal.out(JSON.stringify(outcomeOf(to, request, state)));
    else for (const line of outcomeLines(to, request, state)) terminal.out(line);
    return ExitCode.ok;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function configurationOf(
  checked: CheckedBackup,
  to: Index,
  { command, clusterId, peers }: Request,
): Configuration {
  const old = configurationAt(checked, to);
  if (old?.clusterId === clusterId) {
    const line = `the new cluster can't be called ${clusterId}, as the old one`;
    throw new CliError("REFUSED", line);
  }
  const timing = timingOf(command, old?.timing);
  return {
    clusterId,
    voters: peers.map(({ id, address, witness }) => ({
      id,
      incarnation: firstIncarnation,
      peerAddress: address,
      ...(witness ? { witness } : {}),
    })),
    votersOutgoing: [],
    learners: [],
    ...(timing === undefined ? {} : { timing }),
  };
}

function timingOf(command: ParsedCommand, old: Timing | undefined): Timing | undefined {
  const electionTimeoutMs =
    command.integer("election-timeout", electionTimeoutMsMin, electionTimeoutMsMax) ??
    old?.electionTimeoutMs;
  const clockDriftPercentMax =
    command.integer("clock-drift-percent-max", 0, clockDriftPercentMaxMax) ??
    old?.clockDriftPercentMax;
  if (electionTimeoutMs === undefined || clockDriftPercentMax === undefined) return undefined;
  return { electionTimeoutMs, clockDriftPercentMax };
}

interface Beginning {
  readonly state: RestoredState;
  /** Of its bytes. */
  readonly path: string;
  readonly masterKeys: MasterKeys | null;
}

async function bear(
  { id, directory }: Member,
  configuration: Configuration,
  { state: { description }, path, masterKeys }: Beginning,
): Promise<void> {
  const source = new RdbFile(path);
  try {
    await bootstrapLog({
      directory,
      identity: { clusterId: configuration.clusterId, nodeId: id, incarnation: firstIncarnation },
      snapshot: { description, source },
      entries: [],
      hardState: { term: description.term, vote: 0 },
      masterKeys,
    });
  } finally {
    source.close();
  }
}

function outcomeOf(to: Index, request: Request, state: RestoredState): object {
  const { clusterId, members } = request;
  const { keys, stateDigest, logTimeMs } = state;
  return { clusterId, members, index: to, keys, stateDigest, logTimeMs };
}

function outcomeLines(to: Index, { clusterId, members, peers }: Request, state: RestoredState) {
  const time = state.logTimeMs === 0 ? "" : `, ${new Date(state.logTimeMs).toISOString()}`;
  const named = new Set(members.map(({ id }) => id));
  const missing = peers.filter(({ id }) => !named.has(id)).map(({ id }) => id);
  return [
    `Done: ${state.keys} keys, the state after entry ${to}${time}, is the beginning of cluster ${clusterId}.`,
    ...members.map(({ id, directory }) => `  node ${id}: ${directory}`),
    ...(missing.length > 0
      ? [`  Not written here: ${missing.join(", ")}. Say the same on their machines.`]
      : []),
    `  Start each with cluster-id ${clusterId} (or none) and these peers, without --bootstrap.`,
  ];
}
