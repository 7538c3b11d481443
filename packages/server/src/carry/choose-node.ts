/**
 * Which node a copy is taken from: a follower that is level, since the leader has enough to do. It is asked of any
 * node; the leader's commit index at that moment is what the copy must reach, so that all that was acknowledged
 * before is in it.
 */

import type { Index } from "@redoubt/raft";
import { CarryError } from "./errors.js";
import { type Credentials, Pipe } from "./pipe.js";
import { Fields } from "./reply-fields.js";
import { type BinaryReply, Refusal } from "./reply-stream.js";

export interface ChosenNode {
  readonly pipe: Pipe;
  readonly nodeId: number;
  readonly clusterId: string;
  /** Committed by the leader when it was asked; 0: no leader is known, so nobody can say. */
  readonly committed: Index;
}

interface Look {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly commit: Index;
  readonly role: string;
  readonly members: readonly MemberLook[];
}

/** A member as the leader sees it. */
export interface MemberLook {
  /** Of clients; "": not known. */
  readonly address: string;
  readonly leads: boolean;
  /** Entries it lacks; Infinity: it is not heard. */
  readonly lag: number;
}

/** Rejects with UNREACHABLE when nobody answers at `address`, ERROR_REPLY, NOT_UNDERSTOOD. */
export async function chooseNode(address: string, credentials: Credentials): Promise<ChosenNode> {
  const first = await Pipe.open(address, credentials);
  let kept: Pipe = first;
  try {
    const seen = await look(first);
    const asked = await leadersLook(seen, address, credentials);
    const committed = asked?.commit ?? 0;
    if (seen.role !== "leader") {
      return { pipe: first, nodeId: seen.nodeId, clusterId: seen.clusterId, committed };
    }
    for (const member of followersOf(seen.members)) {
      if (member.address === address) continue;
      const follower = await opened(member.address, credentials);
      if (follower === null) continue;
      const { nodeId, clusterId } = follower.look;
      if (clusterId !== seen.clusterId) {
        follower.pipe.close();
        continue;
      }
      kept = follower.pipe;
      return { pipe: follower.pipe, nodeId, clusterId, committed };
    }
    return { pipe: first, nodeId: seen.nodeId, clusterId: seen.clusterId, committed };
  } catch (error) {
    first.close();
    throw error;
  } finally {
    if (kept !== first) first.close();
  }
}

/** Those that can be asked, the one that lacks least first: one that is cut off answers, and never gets there. */
export function followersOf(members: readonly MemberLook[]): MemberLook[] {
  return members
    .filter(({ address, leads }) => !leads && address !== "")
    .toSorted((a, b) => (a.lag === b.lag ? 0 : a.lag - b.lag));
}

/** null: there is none, or it does not answer. */
async function leadersLook(
  seen: Look,
  address: string,
  credentials: Credentials,
): Promise<Look | null> {
  if (seen.role === "leader") return seen;
  const leader = seen.members.find(({ leads }) => leads)?.address ?? "";
  if (leader === "" || leader === address) return null;
  const found = await opened(leader, credentials);
  found?.pipe.close();
  return found?.look ?? null;
}

/** null: it does not answer, so another one is asked. */
async function opened(
  address: string,
  credentials: Credentials,
): Promise<{ pipe: Pipe; look: Look } | null> {
  let pipe: Pipe | null = null;
  try {
    pipe = await Pipe.open(address, credentials);
    return { pipe, look: await look(pipe) };
  } catch (error) {
    pipe?.close();
    if (error instanceof CarryError && error.code === "UNREACHABLE") return null;
    throw error;
  }
}

async function look(pipe: Pipe): Promise<Look> {
  const reply: BinaryReply = await pipe.request(["REDOUBT", "STATUS"]);
  if (reply instanceof Refusal) {
    throw new CarryError("ERROR_REPLY", `${pipe.address}: ${reply.text}`);
  }
  const fields = new Fields(reply);
  return {
    clusterId: fields.text("cluster-id"),
    nodeId: fields.number("node-id"),
    commit: fields.number("commit"),
    role: fields.text("role"),
    members: fields.list("members").map((member) => {
      const each = new Fields(member);
      const isHeard = each.numberOr("active", 0) !== 0;
      return {
        address: each.textOrNothing("client-address"),
        leads: each.number("leader") !== 0,
        lag: isHeard ? each.numberOr("lag", Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
      };
    }),
  };
}
