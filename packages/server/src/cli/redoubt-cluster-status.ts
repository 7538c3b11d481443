/** REDOUBT STATUS as the command line reads it: names and values to one typed object, asked of any node or of the leader. */

import type { ClusterClient } from "./redoubt-client.js";
import { ErrorReply, type Reply } from "./redoubt-replies.js";
import { CliError } from "./redoubt-terminal.js";

export interface MemberStatus {
  readonly id: number;
  readonly incarnation: number;
  readonly kind: string;
  readonly votes: boolean;
  readonly outgoing: boolean;
  readonly promote: boolean;
  readonly leader: boolean;
  readonly myself: boolean;
  readonly peerAddress: string;
  /** "": not known. */
  readonly clientAddress: string;
  /** null: only the leader knows. */
  readonly state: string | null;
  readonly match: number | null;
  readonly lag: number | null;
  readonly active: boolean | null;
}

export interface ClusterStatus {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly incarnation: number;
  readonly role: string;
  readonly serving: boolean;
  readonly term: number;
  /** 0: unknown. */
  readonly leader: number;
  readonly leaderIsWitness: boolean;
  readonly transferring: boolean;
  /** 0: none. */
  readonly leaseRemainingMs: number;
  readonly configurationIndex: number;
  /** A change of the voters is under way. */
  readonly joint: boolean;
  readonly commit: number;
  readonly applied: number;
  readonly appended: number;
  readonly firstIndex: number;
  readonly snapshotIndex: number;
  readonly members: readonly MemberStatus[];
}

/** As the node at hand sees it. */
export async function statusOf(client: ClusterClient): Promise<ClusterStatus> {
  const reply = await client.ask(["REDOUBT", "STATUS"]);
  if (reply instanceof ErrorReply) throw new CliError("ERROR_REPLY", reply.text);
  const status = decodeStatus(reply);
  client.learn(status.members.map(({ clientAddress }) => clientAddress));
  return status;
}

/** As the leader sees it, which knows more; as the node at hand does, where no leader can be asked. */
export async function leadersStatus(client: ClusterClient): Promise<ClusterStatus> {
  const status = await statusOf(client);
  if (status.role === "leader") return status;
  const address = status.members.find(({ leader }) => leader)?.clientAddress ?? "";
  if (address === "") return status;
  client.prefer(address);
  return statusOf(client);
}

/** Names that are unknown here are a later version's, and nothing to this one. */
export function decodeStatus(reply: Reply): ClusterStatus {
  const fields = new Fields(reply);
  const members = fields.list("members").map((each) => decodeMember(new Fields(each)));
  return {
    clusterId: fields.text("cluster-id"),
    nodeId: fields.number("node-id"),
    incarnation: fields.number("incarnation"),
    role: fields.text("role"),
    serving: fields.boolean("serving"),
    term: fields.number("term"),
    leader: fields.number("leader"),
    leaderIsWitness: fields.boolean("leader-is-witness"),
    transferring: fields.boolean("transferring"),
    leaseRemainingMs: fields.number("lease-remaining-ms"),
    configurationIndex: fields.number("configuration-index"),
    joint: fields.boolean("joint"),
    commit: fields.number("commit"),
    applied: fields.number("applied"),
    appended: fields.number("appended"),
    firstIndex: fields.number("first-index"),
    snapshotIndex: fields.number("snapshot-index"),
    members,
  };
}

function decodeMember(fields: Fields): MemberStatus {
  const known = fields.value("state") !== null;
  return {
    id: fields.number("id"),
    incarnation: fields.number("incarnation"),
    kind: fields.text("kind"),
    votes: fields.boolean("votes"),
    outgoing: fields.boolean("outgoing"),
    promote: fields.boolean("promote"),
    leader: fields.boolean("leader"),
    myself: fields.boolean("myself"),
    peerAddress: fields.text("peer-address"),
    clientAddress: fields.text("client-address"),
    state: known ? fields.text("state") : null,
    match: known ? fields.number("match") : null,
    lag: known ? fields.number("lag") : null,
    active: known ? fields.boolean("active") : null,
  };
}

/** A map as RESP2 sends it: names and values in turn. */
class Fields {
  readonly #values = new Map<string, Reply>();

  constructor(reply: Reply) {
    if (!Array.isArray(reply) || reply.length % 2 !== 0) throw notUnderstood("a map");
    for (let at = 0; at < reply.length; at += 2) {
      this.#values.set(String(reply[at]), reply[at + 1] ?? null);
    }
  }

  value(name: string): Reply {
    const value = this.#values.get(name);
    if (value === undefined) throw notUnderstood(name);
    return value;
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== "string") throw notUnderstood(name);
    return value;
  }

  number(name: string): number {
    const value = this.value(name);
    if (typeof value !== "number") throw notUnderstood(name);
    return value;
  }

  boolean(name: string): boolean {
    return this.number(name) !== 0;
  }

  list(name: string): readonly Reply[] {
    const value = this.value(name);
    if (!Array.isArray(value)) throw notUnderstood(name);
    return value;
  }
}

function notUnderstood(name: string): CliError {
  return new CliError("NOT_UNDERSTOOD", `the node's status lacks ${name}: is it another version?`);
}
