/**
 * redoubt member: who belongs to the cluster. A change is done in two steps, its entry is committed and
 * then it takes its course (a learner catches up, a joint configuration is left); by default both are
 * waited for.
 */

import { nodeIdMax } from "../config/constants.js";
import { ClusterClient } from "./redoubt-client.js";
import { type ClusterStatus, leadersStatus, type MemberStatus } from "./redoubt-cluster-status.js";
import { waitSecondsDefault, waitSecondsMax } from "./redoubt-constants.js";
import { integerIn, type ParsedCommand, parseCommand } from "./redoubt-options.js";
import { ErrorReply } from "./redoubt-replies.js";
import { memberLines } from "./redoubt-status.js";
import {
  CliError,
  ExitCode,
  type Subcommand,
  type Terminal,
  usageError,
} from "./redoubt-terminal.js";
import { waitFor } from "./redoubt-wait.js";

const options = {
  witness: { type: "boolean" },
  promote: { type: "boolean", default: true },
  force: { type: "boolean" },
  if: { type: "string" },
  wait: { type: "boolean", default: true },
  timeout: { type: "string" },
} as const;

/** What one of the changes takes and brings about. */
interface Change {
  readonly takesAddress: boolean;
  /** Options that the others do not know. */
  readonly own: readonly string[];
  /** What is certain once its entry is committed. */
  readonly accepted: string;
  readonly done: string;
  /** "": it has come about; else where it stands. */
  look(status: ClusterStatus, id: number, index: number): string;
}

const changes: ReadonlyMap<string, Change> = new Map([
  [
    "add",
    {
      takesAddress: true,
      own: ["witness", "no-promote"],
      accepted: "is a learner",
      done: "is a voter",
      look: votesBy,
    },
  ],
  [
    "promote",
    {
      takesAddress: false,
      own: [],
      accepted: "is being made a voter",
      done: "is a voter",
      look: votesBy,
    },
  ],
  [
    "remove",
    {
      takesAddress: false,
      own: [],
      accepted: "is being removed",
      done: "is no member any more",
      look: isGone,
    },
  ],
  [
    "replace",
    {
      takesAddress: true,
      own: [],
      accepted: "is being replaced",
      done: "is replaced",
      look: votesBy,
    },
  ],
]);

export const member: Subcommand = {
  usage: [
    "member list",
    "member add ID HOST:PEER-PORT [--witness] [--no-promote] [--force] [--if INDEX] [--no-wait] [--timeout SECONDS]",
    "member promote ID [--force] [--if INDEX] [--no-wait] [--timeout SECONDS]",
    "member remove ID [--force] [--if INDEX] [--no-wait] [--timeout SECONDS]",
    "member replace ID HOST:PEER-PORT [--force] [--if INDEX] [--no-wait] [--timeout SECONDS]",
  ],
  summary:
    "Who belongs to the cluster. --if: only while that is the configuration's index, as status " +
    "shows it. --force: though the health of members speaks against it.",
  async run(argv, terminal) {
    const command = parseCommand(argv, options, terminal);
    const [name = "", ...rest] = command.positionals;
    if (name === "list") return list(command, rest, terminal);
    const change = changes.get(name);
    if (change === undefined)
      throw usageError("member is followed by list, add, promote, remove or replace");
    return makeChange(command, name, change, rest, terminal);
  },
};

async function list(
  command: ParsedCommand,
  rest: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  if (rest.length > 0) throw usageError("member list takes no arguments");
  const client = new ClusterClient(command.target);
  try {
    const { members } = await leadersStatus(client);
    if (command.json) terminal.out(JSON.stringify(members));
    else for (const line of memberLines(members)) terminal.out(line);
    return ExitCode.ok;
  } finally {
    client.close();
  }
}

async function makeChange(
  command: ParsedCommand,
  name: string,
  change: Change,
  words: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const { id, argv } = requestOf(command, name, change, words);
  const promotes = command.flag("promote");
  const waits = command.flag("wait") && promotes;
  const timeoutSeconds = command.integer("timeout", 1, waitSecondsMax) ?? waitSecondsDefault;
  const client = new ClusterClient(command.target);
  try {
    const index = await committed(client, argv);
    const told = (what: string, configurationIndex: number): void => {
      const text = `node ${id} ${what} (configuration ${configurationIndex})`;
      terminal.out(
        command.json
          ? JSON.stringify({ id, done: what === change.done, configurationIndex })
          : text,
      );
    };
    if (!waits) {
      told(change.accepted, index);
      return ExitCode.ok;
    }
    const status = await waitFor(client, terminal, {
      timeoutSeconds,
      onTimeout: `node ${id} ${change.accepted} (configuration ${index}), the rest is not done yet`,
      look: (seen) => change.look(seen, id, index),
    });
    told(change.done, status.configurationIndex);
    return ExitCode.ok;
  } finally {
    client.close();
  }
}

function requestOf(
  command: ParsedCommand,
  name: string,
  { takesAddress, own }: Change,
  words: readonly string[],
): { id: number; argv: string[] } {
  const given = [
    ...(command.flag("witness") ? ["witness"] : []),
    ...(command.flag("promote") ? [] : ["no-promote"]),
  ];
  const form = takesAddress ? `${name} ID HOST:PEER-PORT` : `${name} ID`;
  if (words.length !== (takesAddress ? 2 : 1)) throw usageError(`it is: member ${form}`);
  const stranger = given.find((option) => !own.includes(option));
  if (stranger !== undefined) throw usageError(`member ${name} knows no --${stranger}`);
  const id = integerIn(words[0] ?? "", "a member's id", 1, nodeIdMax);
  const condition = command.integer("if", 1, Number.MAX_SAFE_INTEGER);
  const argv = [
    ...["REDOUBT", "MEMBER", name.toUpperCase(), String(id), ...words.slice(1)],
    ...(command.flag("witness") ? ["WITNESS"] : []),
    ...(command.flag("promote") ? [] : ["NOPROMOTE"]),
    ...(command.flag("force") ? ["FORCE"] : []),
    ...(condition === null ? [] : ["IF", String(condition)]),
  ];
  return { id, argv };
}

/** Index of the change's entry, which is committed. */
async function committed(client: ClusterClient, argv: readonly string[]): Promise<number> {
  const reply = await client.askLeader(argv);
  if (typeof reply === "number") return reply;
  if (!(reply instanceof ErrorReply)) {
    throw new CliError("NOT_UNDERSTOOD", "the node's answer is not understood: another version?");
  }
  const refused = reply.code === "REFUSED";
  throw new CliError(refused ? "REFUSED" : "ERROR_REPLY", reply.text.replace(/^REFUSED /, ""));
}

/** A voter of that id, born with the change or later, and no change under way. */
function votesBy(status: ClusterStatus, id: number, index: number): string {
  const named = status.members.filter((each) => each.id === id);
  const living = named.at(-1);
  if (status.configurationIndex < index) return `node ${status.nodeId} has not heard of it yet`;
  if (living === undefined) throw new CliError("GIVEN_UP", `node ${id} was removed meanwhile`);
  if (living.votes && !living.outgoing && !status.joint) return "";
  return progressText(living, status);
}

function isGone(status: ClusterStatus, id: number, index: number): string {
  if (status.configurationIndex < index) return `node ${status.nodeId} has not heard of it yet`;
  const named = status.members.some((each) => each.id === id);
  if (!named && !status.joint) return "";
  return `node ${id} is leaving`;
}

function progressText(
  { id, votes, active, match }: MemberStatus,
  { joint, appended }: ClusterStatus,
): string {
  if (votes && joint) return `node ${id} is joining`;
  if (match === null) return `node ${id}: the leader is not known`;
  if (active !== true) return `node ${id} is not heard: is it running?`;
  return `node ${id} has ${match} of ${appended} entries`;
}
