/**
 * redoubt recover: the last resort. When the disks of a majority are gone for good, nobody may be elected any
 * more; an operator may decide that what one survivor holds is the truth from now on.
 *
 *   old log   1 configuration   2 no-op   3 batch   4 configuration   5 batch
 *   new log   1 no-op           2 no-op   3 batch   4 no-op           5 batch   6 configuration: this node alone
 *
 * - Entries keep their index and term, batches their bytes. The chain begins anew with the first entry, or goes on
 *   from the snapshot: that is kept with all it covers, and only said to be of a cluster of this node alone.
 * - The cluster has a new name, the node a new incarnation (the index of the entry that names it), both terms
 *   are above all others: no member of the old cluster speaks to the new one, whatever it holds.
 * - The old log is kept beside the new one, unchanged. Without the flag that names the loss nothing is written.
 */

import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import {
  type LogDamage,
  type LogErrorCode,
  type MasterKeys,
  openStoppedLog,
  replaceLog,
  type StoppedLog,
} from "@redoubt/level-log";
import {
  allMembers,
  type Configuration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  entryChecksum,
  type Member,
  memberOf,
  type SnapshotDescription,
} from "@redoubt/raft";
import { nodeIdMax } from "../config/constants.js";
import { clusterIdRule } from "../config/rows.js";
import { progressEntries } from "./redoubt-constants.js";
import { keyFileOption, masterKeysIn } from "./redoubt-key-file.js";
import { integerIn } from "./redoubt-options.js";
import {
  CliError,
  ExitCode,
  type Subcommand,
  type Terminal,
  usageError,
} from "./redoubt-terminal.js";

const options = {
  "force-new-cluster": { type: "boolean", default: false },
  "lose-what-this-log-lacks": { type: "boolean", default: false },
  "lose-damaged-entries": { type: "boolean", default: false },
  "cluster-id": { type: "string" },
  "node-id": { type: "string" },
  "peer-address": { type: "string" },
  ...keyFileOption,
  json: { type: "boolean", default: false },
} as const;

interface Request {
  readonly directory: string;
  readonly acceptsLoss: boolean;
  readonly acceptsDamage: boolean;
  readonly clusterId: string | null;
  readonly nodeId: number | null;
  readonly peerAddress: string | null;
  /** The old log is encrypted, and the new one will be. */
  readonly masterKeys: MasterKeys | null;
  readonly json: boolean;
}

/** Who the node was, and who it is to be. */
interface Rebirth {
  readonly oldClusterId: string;
  readonly nodeId: number;
  readonly configuration: Configuration;
  /** Index of the entry that names this node alone. */
  readonly index: number;
  readonly term: number;
}

export const recover: Subcommand = {
  usage: [
    "recover --force-new-cluster DIR [--lose-what-this-log-lacks] [--lose-damaged-entries] " +
      "[--cluster-id NAME] [--peer-address HOST:PORT] [--node-id ID] [--encryption-key-file FILE] [--json]",
  ],
  summary:
    "When a majority's disks are lost for good: makes a new cluster of one stopped node's log. " +
    "Without --lose-what-this-log-lacks it only says what the log holds.",
  async run(argv, terminal) {
    const request = requestOf(argv);
    try {
      const log = await openStoppedLog(request.directory, request.masterKeys);
      try {
        return await recoverFrom(log, request, terminal);
      } finally {
        await log.close();
      }
    } catch (error) {
      throw asCliError(error, request.directory);
    }
  },
};

function requestOf(argv: readonly string[]): Request {
  const { values, positionals } = parsed(argv);
  const [directory] = positionals;
  if (!values["force-new-cluster"] || directory === undefined || positionals.length > 1) {
    throw usageError("it is: recover --force-new-cluster DIR, the node's directory");
  }
  const clusterId = values["cluster-id"] ?? null;
  const problem = clusterId === null ? null : clusterIdRule(clusterId);
  if (problem !== null || clusterId === "") {
    throw usageError(`--cluster-id: ${problem ?? "argument is empty"}`);
  }
  const peerAddress = values["peer-address"] ?? null;
  if (peerAddress !== null && !/^\S+:\d{1,5}$/.test(peerAddress)) {
    throw usageError(`--peer-address is HOST:PORT, not '${peerAddress}'`);
  }
  const nodeId = values["node-id"];
  return {
    directory,
    acceptsLoss: values["lose-what-this-log-lacks"],
    acceptsDamage: values["lose-damaged-entries"],
    clusterId,
    nodeId: nodeId === undefined ? null : integerIn(nodeId, "--node-id", 1, nodeIdMax),
    peerAddress,
    masterKeys: masterKeysIn(values["encryption-key-file"] ?? null),
    json: values.json,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw usageError(message.split(". ")[0] ?? message);
  }
}

async function recoverFrom(
  log: StoppedLog,
  request: Request,
  terminal: Terminal,
): Promise<ExitCode> {
  const say = (line: string): void => (request.json ? terminal.err(line) : terminal.out(line));
  for (const line of findings(log)) say(line);
  if (log.lastIndex === 0) {
    throw new CliError("REFUSED", "there is no intact entry and no intact snapshot to begin with");
  }
  const rebirth = rebirthOf(log, request);
  const missing = missingConsent(log.damage, request);
  if (missing.length > 0) {
    say("Nothing was changed. A new cluster of this node alone would begin with these entries.");
    for (const { loss } of missing) say(`LOST FOR GOOD: ${loss}`);
    const flags = missing.map(({ flag }) => flag).join(" ");
    throw new CliError("REFUSED", `nobody has said that this may be lost: ${flags}`);
  }
  const kept = await replaceBy(log, rebirth, request, terminal);
  terminal.progress("");
  if (request.json) terminal.out(JSON.stringify(outcomeOf(log, rebirth, kept)));
  else for (const line of nextSteps(log, rebirth, kept)) terminal.out(line);
  return ExitCode.ok;
}

/** Resolves with the path of the old log. */
async function replaceBy(
  log: StoppedLog,
  rebirth: Rebirth,
  { directory, masterKeys }: Request,
  terminal: Terminal,
): Promise<string> {
  const { configuration, nodeId, index, term } = rebirth;
  const { clusterId } = configuration;
  const source = log.snapshot === null ? null : log.openSnapshot();
  const snapshot =
    log.snapshot === null || source === null
      ? {}
      : { snapshot: { description: snapshotOf(log.snapshot, rebirth), source } };
  try {
    return await replaceLog({
      directory,
      identity: { clusterId, nodeId, incarnation: index },
      ...snapshot,
      entries: rechained(log, rebirth, terminal),
      hardState: { term, vote: 0 },
      masterKeys,
    });
  } finally {
    source?.close();
  }
}

function missingConsent(
  damage: LogDamage | null,
  { acceptsLoss, acceptsDamage }: Request,
): { loss: string; flag: string }[] {
  const missing = [];
  if (!acceptsLoss) {
    missing.push({
      loss: "what other members acknowledged and this log lacks",
      flag: "--lose-what-this-log-lacks",
    });
  }
  if (damage !== null && !acceptsDamage) {
    missing.push({
      loss: `${damage.entriesLost} entries or more that this log held behind the intact ones`,
      flag: "--lose-damaged-entries",
    });
  }
  return missing;
}

/** What the log holds, for somebody who has to choose among survivors. */
function findings({
  identity,
  hardState,
  lastIndex,
  lastTerm,
  configuration,
  snapshot,
  damage,
}: StoppedLog): string[] {
  const who =
    identity === null
      ? "a node whose identity file can't be read"
      : `node ${identity.nodeId} (incarnation ${identity.incarnation}) of cluster ${identity.clusterId}`;
  const lines = [
    `${who}, stopped`,
    `  intact entries  ${lastIndex}, the last one of term ${lastTerm}`,
    `  newest term     ${hardState.term}`,
  ];
  if (snapshot !== null) lines.push(`  snapshot        of all up to entry ${snapshot.index}`);
  if (configuration === null) {
    lines.push("  members         none are named");
  } else {
    lines.push(`  members         by configuration ${configuration.index}:`);
    for (const member of allMembers(configuration.configuration)) {
      lines.push(`    ${memberText(member, configuration.configuration)}`);
    }
  }
  if (damage !== null) {
    lines.push(`  DAMAGED         ${damage.error.message}`);
    lines.push(`                  ${damage.entriesLost} entries or more behind the intact ones`);
  }
  lines.push(
    "Of several survivors the one whose last entry has the highest term, then the most entries, lacks least.",
  );
  return lines;
}

function memberText(
  { id, incarnation, peerAddress, witness }: Member,
  { learners }: Configuration,
) {
  const learns = learners.some((each) => each.id === id && each.incarnation === incarnation);
  const kind = witness ? "witness" : learns ? "learner" : "voter";
  return `node ${id} (incarnation ${incarnation}) at ${peerAddress}, ${kind}`;
}

function rebirthOf(log: StoppedLog, request: Request): Rebirth {
  const { identity } = log;
  const old = log.configuration?.configuration ?? null;
  const nodeId = identity?.nodeId ?? request.nodeId;
  if (nodeId === null) {
    throw new CliError("REFUSED", "the identity file can't be read: say --node-id");
  }
  if (request.nodeId !== null && request.nodeId !== nodeId) {
    throw new CliError("REFUSED", `this is the directory of node ${nodeId}`);
  }
  const member = old === null ? null : memberOf(old, nodeId);
  const peerAddress = request.peerAddress ?? member?.peerAddress ?? null;
  if (peerAddress === null) {
    throw new CliError("REFUSED", `no entry names node ${nodeId}: say --peer-address`);
  }
  const oldClusterId = identity?.clusterId ?? old?.clusterId ?? "";
  const clusterId = request.clusterId ?? newClusterId(oldClusterId);
  if (clusterId === oldClusterId) {
    throw new CliError(
      "REFUSED",
      `the new cluster can't be called ${oldClusterId}, as the old one`,
    );
  }
  const index = log.lastIndex + 1;
  return {
    oldClusterId,
    nodeId,
    index,
    term: Math.max(log.hardState.term, log.lastTerm) + 1,
    configuration: {
      clusterId,
      voters: [{ id: nodeId, incarnation: index, peerAddress }],
      votersOutgoing: [],
      learners: [],
      ...(old?.timing === undefined ? {} : { timing: old.timing }),
    },
  };
}

/** Not twice the same: two survivors that are both recovered must not find each other. */
function newClusterId(old: string): string {
  const stem = old.replace(/-r[0-9a-f]{8}$/, "").slice(0, 54);
  const name = `${stem}-r${randomBytes(4).toString("hex")}`;
  return clusterIdRule(name) === null ? name : `recovered-r${randomBytes(4).toString("hex")}`;
}

/** Whoever is sent it must know its cluster: what the state holds is the same. */
function snapshotOf(old: SnapshotDescription, { configuration }: Rebirth): SnapshotDescription {
  return { ...old, configuration: { index: old.configuration.index, configuration } };
}

async function* rechained(
  log: StoppedLog,
  { index, term, configuration }: Rebirth,
  terminal: Terminal,
): AsyncGenerator<Entry> {
  let previous = log.snapshot?.checksum ?? 0;
  const chained = (entry: Omit<Entry, "checksum">): Entry => {
    previous = entryChecksum(entry.index, entry.term, entry.kind, previous, entry.payload);
    return { ...entry, checksum: previous };
  };
  const noop = { kind: EntryKind.noop, payload: new Uint8Array(0) };
  for await (const entry of log.entries()) {
    const { kind, payload } = entry;
    const same = kind === EntryKind.configuration ? noop : { kind, payload };
    yield chained({ index: entry.index, term: entry.term, ...same });
    if (entry.index % progressEntries === 0) {
      terminal.progress(`entry ${entry.index} of ${log.lastIndex}`);
    }
  }
  const payload = encodeConfiguration(configuration);
  yield chained({ index, term, kind: EntryKind.configuration, payload });
}

function outcomeOf(log: StoppedLog, rebirth: Rebirth, kept: string): object {
  return {
    clusterId: rebirth.configuration.clusterId,
    nodeId: rebirth.nodeId,
    incarnation: rebirth.index,
    entriesKept: log.lastIndex,
    entriesLost: log.damage?.entriesLost ?? 0,
    term: rebirth.term,
    oldLog: kept,
  };
}

function nextSteps(log: StoppedLog, rebirth: Rebirth, kept: string): string[] {
  const { configuration, nodeId, index, oldClusterId } = rebirth;
  const old = log.configuration?.configuration;
  const wasWitness = old !== undefined && memberOf(old, nodeId)?.witness === true;
  return [
    `Done: node ${nodeId} (incarnation ${index}) is cluster ${configuration.clusterId}, with ${log.lastIndex} entries.`,
    `  The old log is kept, unchanged: ${basename(kept)}`,
    `  1. In its configuration: cluster-id ${configuration.clusterId} (or none) instead of ${oldClusterId}; peers names this node only.`,
    ...(wasWitness
      ? [
          "     It was a witness and holds the data from now on: node-role data, no /witness in peers.",
        ]
      : []),
    "  2. Start it, and look at what it holds.",
    "  3. The other members: empty directories, redoubt member add for each, then start them.",
    `  No member of ${oldClusterId} can speak to it any more. Recover no second one.`,
  ];
}

function asCliError(error: unknown, directory: string): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (logCodes.has(code)) return new CliError(code as LogErrorCode, error.message, error);
  if (!("syscall" in error)) return error;
  const line = `the directory ${directory} can't be used: ${error.message}`;
  return new CliError("DIRECTORY_UNUSABLE", line, error);
}

const logCodes: ReadonlySet<string> = new Set<LogErrorCode>([
  "ALREADY_INITIALISED",
  "DATA_MISSING",
  "ENCRYPTION_KEY_MISSING",
  "ENCRYPTION_KEY_WRONG",
  "NOT_ENCRYPTED",
  "LOG_DAMAGED",
  "IDENTITY_MISMATCH",
  "STORE_LOCKED",
  "STORE_UNAVAILABLE",
  "WRITE_FAILED",
]);
