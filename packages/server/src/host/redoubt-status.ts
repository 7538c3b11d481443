/** REDOUBT STATUS: one map; REDOUBT MEMBER LIST: its members alone. What is not known here is null. */

import type { ReplyWriter } from "@redoubt/resp";
import { type MemberView, memberViews } from "./members.js";
import type { HostHandler } from "./services.js";

type Value = string | number | boolean | null;
type Field = readonly [name: string, value: Value];

export const redoubtStatus: HostHandler = (services, session) => {
  const status = services.replica().status();
  const { facts, topology } = services;
  const fields: Field[] = [
    ["cluster-id", facts.clusterId],
    ["node-id", status.id],
    ["incarnation", status.incarnation],
    ["role", status.role],
    ["serving", status.serving],
    ["witness", status.witness],
    ["removed", status.removed],
    ["term", status.term],
    ["leader", status.leader],
    ["leader-is-witness", status.leaderIsWitness],
    ["transferring", status.transferring],
    ["lease-remaining-ms", Math.floor(status.leaseRemainingMs)],
    ["configuration-index", status.configurationIndex],
    ["joint", status.configuration.votersOutgoing.length > 0],
    ["commit", status.commit],
    ["applied", status.applied],
    ["appended", status.appended],
    ["flushed", status.flushed],
    ["first-index", status.firstIndex],
    ["snapshot-index", status.snapshotIndex],
  ];
  const { reply } = session;
  reply.map(fields.length + 1);
  for (const field of fields) replyField(reply, field);
  reply.bulk("members");
  replyMembers(reply, memberViews(status, topology, session), status.appended);
};

export const redoubtMemberList: HostHandler = (services, session) => {
  const status = services.replica().status();
  const views = memberViews(status, services.topology, session);
  replyMembers(session.reply, views, status.appended);
};

function replyMembers(reply: ReplyWriter, members: readonly MemberView[], appended: number): void {
  reply.array(members.length);
  for (const member of members) {
    const { progress } = member;
    const fields: Field[] = [
      ["id", member.id],
      ["incarnation", member.incarnation],
      ["kind", member.kind],
      ["votes", member.votes],
      ["outgoing", member.outgoing],
      ["promote", member.promote],
      ["leader", member.isLeader],
      ["myself", member.isSelf],
      ["peer-address", member.peerAddress],
      ["client-address", member.clientAddress],
      ["state", progress?.state ?? null],
      ["match", progress?.match ?? null],
      ["lag", progress === null ? null : Math.max(0, appended - progress.match)],
      ["active", progress?.recentActive ?? null],
    ];
    reply.map(fields.length);
    for (const field of fields) replyField(reply, field);
  }
}

function replyField(reply: ReplyWriter, [name, value]: Field): void {
  reply.bulk(name);
  if (value === null) reply.null();
  else if (typeof value === "number") reply.integer(value);
  else if (typeof value === "boolean") reply.boolean(value);
  else reply.bulk(value);
}
