/**
 * REDOUBT MEMBER and REDOUBT TRANSFER: changes of who belongs to the cluster and who leads it. Only the
 * leader makes them; another node names the leader, which `redoubt` then asks. What the core refuses is
 * told as `-REFUSED CODE text` and nothing has happened; a change's reply leaves when its entry is committed.
 */

import { errors, wrongArity } from "@redoubt/commands";
import {
  type Configuration,
  type ConfigurationChange,
  type Index,
  type Member,
  type NodeId,
  withLearner,
  withoutMember,
  withPromoted,
  withReplacement,
} from "@redoubt/raft";
import type { Session } from "@redoubt/replica";
import { nodeIdMax } from "../config/constants.js";
import { peerList } from "../config/values.js";
import { formatAddress } from "../gateway/address.js";
import { shownWordLengthMax } from "./constants.js";
import { replyHelp } from "./help.js";
import { redoubtMemberList } from "./redoubt-status.js";
import { type HostHandler, type HostServices, integerOf, word } from "./services.js";

/** What a change should lead to, or why it makes no sense: `CODE text`. */
type Wanted = Pick<ConfigurationChange, "voters" | "learners"> | string;

interface MemberRequest {
  readonly id: NodeId;
  /** "" where the subcommand takes none. */
  readonly peerAddress: string;
  readonly witness: boolean;
  readonly promote: boolean;
  readonly force: boolean;
  readonly expectedIndex: Index;
}

interface MemberChange {
  readonly takesAddress: boolean;
  readonly options: ReadonlySet<string>;
  wanted(configuration: Configuration, request: MemberRequest): Wanted;
}

const conditions: readonly string[] = ["FORCE", "IF"];

const memberChanges: ReadonlyMap<string, MemberChange> = new Map([
  [
    "ADD",
    {
      takesAddress: true,
      options: new Set([...conditions, "WITNESS", "NOPROMOTE"]),
      wanted: addition,
    },
  ],
  ["PROMOTE", { takesAddress: false, options: new Set(conditions), wanted: promotion }],
  [
    "REMOVE",
    {
      takesAddress: false,
      options: new Set(conditions),
      wanted: (from, { id }) => removal(from, id),
    },
  ],
  ["REPLACE", { takesAddress: true, options: new Set(conditions), wanted: replacement }],
]);

/** REDOUBT MEMBER LIST | ADD | PROMOTE | REMOVE | REPLACE ... */
export const redoubtMember: HostHandler = (services, session, argv) => {
  const name = word(argv[2]);
  if (name === "LIST") {
    if (argv.length !== 3) return session.reply.error(wrongArity("redoubt|member"));
    return redoubtMemberList(services, session, argv);
  }
  const change = memberChanges.get(name);
  if (change === undefined) {
    const shown = name.slice(0, shownWordLengthMax);
    return session.reply.error(`ERR unknown subcommand '${shown}'. Try REDOUBT HELP.`);
  }
  const request = parseRequest(change, argv);
  if (typeof request === "string") return session.reply.error(request);
  const { force, expectedIndex } = request;
  const index = changeMembers(services, session, force, expectedIndex, (configuration) =>
    change.wanted(configuration, request),
  );
  if (index > 0) session.reply.integer(index);
};

/** REDOUBT TRANSFER [id]. OK: it is under way, and given up after one election timeout. */
export const redoubtTransfer: HostHandler = (services, session, argv) => {
  const { reply } = session;
  if (argv.length > 3) return reply.error(wrongArity("redoubt|transfer"));
  const target = argv.length === 3 ? memberId(argv[2]) : 0;
  if (target === null) return reply.error(idRefused);
  const replica = services.replica();
  if (replica.status().role !== "leader") return reply.error(notLeader(services, session));
  const refusal = replica.transferLeadership(target);
  if (refusal === null) reply.ok();
  else reply.error(`REFUSED TRANSFER ${refusal}`);
};

/**
 * Appends the change on the leader and returns its index; the caller's reply then waits until it is
 * committed. 0: the reason was replied. `force` and `expectedIndex` as the core takes them.
 */
export function changeMembers(
  services: HostServices,
  session: Session,
  force: boolean,
  expectedIndex: Index,
  wantedOf: (configuration: Configuration) => Wanted,
): Index {
  const replica = services.replica();
  const status = replica.status();
  let error = "";
  if (status.role !== "leader") {
    error = notLeader(services, session);
  } else {
    const wanted = wantedOf(status.configuration);
    if (typeof wanted === "string") {
      error = `REFUSED ${wanted}`;
    } else {
      const result = replica.changeMembership({ expectedIndex, force, ...wanted });
      if ("index" in result) {
        session.hostNeedsCommit = result.index;
        return result.index;
      }
      error = `REFUSED ${result.refused} ${result.text}`;
    }
  }
  session.reply.error(error);
  return 0;
}

/** Who to ask instead. A program reads it: the words are stable. */
export function notLeader({ replica, topology }: HostServices, session: Session): string {
  const { leader, id } = replica().status();
  if (leader === 0 || leader === id) return "NOTLEADER no leader is known now, try again";
  const address = topology.clientAddress(leader, session);
  const where = address === null ? "" : ` at ${formatAddress(address.host, address.port)}`;
  return `NOTLEADER leader is node ${leader}${where}`;
}

export const redoubtHelp: HostHandler = (_services, session) =>
  replyHelp(session.reply, "REDOUBT", [
    ["STATUS", "The cluster as this node sees it: leadership, log, members."],
    ["MEMBER LIST", "The members, with what the leader knows of each."],
    [
      "MEMBER ADD <id> <host:port> [WITNESS] [NOPROMOTE] [FORCE] [IF <configuration-index>]",
      "Adds a learner at that peer address; it becomes a voter when it has caught up.",
    ],
    ["MEMBER PROMOTE <id> [FORCE] [IF <configuration-index>]", "Makes a learner a voter."],
    ["MEMBER REMOVE <id> [FORCE] [IF <configuration-index>]", "Removes a voter or learner."],
    [
      "MEMBER REPLACE <id> <host:port> [FORCE] [IF <configuration-index>]",
      "Puts a new, empty node in the place of a voter that is gone for good.",
    ],
    ["TRANSFER [<id>]", "Hands leadership to a member, or to the one that lacks least."],
    ["SNAPSHOT", "The newest snapshot this node has; nil: none."],
    ["SNAPSHOT READ <index> <digest> <offset> <bytes>", "A piece of that snapshot's file."],
    ["LOG READ <first> <last> <bytes>", "Committed entries of this node's log."],
  ]);

const idRefused = `ERR a member's id is an integer from 1 to ${nodeIdMax}`;

function memberId(argument: Buffer | undefined): NodeId | null {
  const id = integerOf(argument);
  return id === null || id < 1 || id > nodeIdMax ? null : id;
}

/** `argv`: REDOUBT MEMBER name id [address] [option ...]. A text: the error to reply. */
function parseRequest(
  { takesAddress, options }: MemberChange,
  argv: readonly Buffer[],
): MemberRequest | string {
  const optionsAt = takesAddress ? 5 : 4;
  if (argv.length < optionsAt) return wrongArity("redoubt|member");
  const id = memberId(argv[3]);
  if (id === null) return idRefused;
  let peerAddress = "";
  if (takesAddress) {
    peerAddress = argv[4]!.toString("latin1");
    const parsed = peerList(nodeIdMax, 1).parse([`${id}@${peerAddress}`], []);
    if (!parsed.ok || parsed.value[0]?.witness) {
      return "ERR a member's address is the host:port of its peer listener";
    }
  }
  const given = new Set<string>();
  let expectedIndex = 0;
  for (let at = optionsAt; at < argv.length; at++) {
    const option = word(argv[at]);
    if (!options.has(option) || given.has(option)) return errors.syntax;
    given.add(option);
    if (option !== "IF") continue;
    at += 1;
    const index = integerOf(argv[at]);
    if (index === null || index < 1) return errors.notInteger;
    expectedIndex = index;
  }
  return {
    id,
    peerAddress,
    witness: given.has("WITNESS"),
    promote: !given.has("NOPROMOTE"),
    force: given.has("FORCE"),
    expectedIndex,
  };
}

function addition(configuration: Configuration, request: MemberRequest): Wanted {
  const { id, peerAddress, witness, promote } = request;
  if (isMember(configuration, id)) return `UNCHANGED node ${id} is a member already`;
  const sameAddress = everyMember(configuration).find((each) => each.peerAddress === peerAddress);
  if (sameAddress !== undefined)
    return `INVALID ${peerAddress} is node ${sameAddress.id}'s address`;
  // Incarnation 0: the index of the entry that will name it.
  const member: Member = {
    id,
    incarnation: 0,
    peerAddress,
    ...(witness ? { witness } : {}),
    ...(promote ? { promote } : {}),
  };
  return withLearner(configuration, member);
}

function promotion(configuration: Configuration, { id }: MemberRequest): Wanted {
  if (!isMember(configuration, id)) return noMember(id);
  if (!configuration.learners.some((learner) => learner.id === id)) {
    return `UNCHANGED node ${id} is a voter already`;
  }
  return withPromoted(configuration, [id]);
}

export function removal(configuration: Configuration, id: NodeId): Wanted {
  return isMember(configuration, id) ? withoutMember(configuration, id) : noMember(id);
}

function replacement(configuration: Configuration, { id, peerAddress }: MemberRequest): Wanted {
  if (!isMember(configuration, id)) return noMember(id);
  if (!configuration.voters.some((voter) => voter.id === id)) {
    return `INVALID node ${id} is a learner: remove it and add it again`;
  }
  const sameAddress = everyMember(configuration).find(
    (each) => each.peerAddress === peerAddress && each.id !== id,
  );
  if (sameAddress !== undefined)
    return `INVALID ${peerAddress} is node ${sameAddress.id}'s address`;
  return withReplacement(configuration, id, peerAddress) ?? noMember(id);
}

function noMember(id: NodeId): string {
  return `UNCHANGED node ${id} is no member`;
}

function everyMember({ voters, votersOutgoing, learners }: Configuration): Member[] {
  return [...voters, ...votersOutgoing, ...learners];
}

function isMember(configuration: Configuration, id: NodeId): boolean {
  return everyMember(configuration).some((member) => member.id === id);
}
