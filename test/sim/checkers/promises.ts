/**
 * Promises leave when they are kept: a vote, an acknowledgement or a new term is on the sender's disk before
 * the message is on its way (trap 03). What a later term has overwritten in the same sync was kept, too.
 */

import { type Message, MessageType } from "@redoubt/raft";
import { type CheckedDisk, durableLast } from "./durable.js";
import type { Report } from "./violation.js";

export function checkPromise(node: number, disk: CheckedDisk, message: Message, report: Report) {
  const { term, vote } = disk.hardState;
  // A pre-vote and its grant name a term that nobody has entered.
  if (message.type === MessageType.preVote) return;
  if (message.type === MessageType.preVoteResponse && message.granted) return;
  if (term > message.term) return;
  if (term < message.term) {
    report("promises", `node ${node} speaks in term ${message.term}, its disk is in ${term}`);
  } else if (message.type === MessageType.vote && vote !== node) {
    report("promises", `node ${node} asks for votes in term ${term}, its disk voted ${vote}`);
  } else if (message.type === MessageType.voteResponse && message.granted && vote !== message.to) {
    report("promises", `node ${node} grants ${message.to} term ${term}, its disk voted ${vote}`);
  } else if (message.type === MessageType.appendResponse && !message.rejected) {
    const { index } = durableLast(disk);
    if (message.index <= index) return;
    report("promises", `node ${node} acknowledges ${message.index}, its disk ends at ${index}`);
  } else if (message.type === MessageType.snapshotResponse && message.installed) {
    const { index } = durableLast(disk);
    if (message.index <= index) return;
    report("promises", `node ${node} has installed ${message.index}, its disk ends at ${index}`);
  }
}
