/**
 * What every `PeerTransport` must do, whatever carries it: the promises of the port that the replica
 * builds on. An adapter's suite calls `peerTransportContract` with a way to make three linked nodes.
 */

import { type Entry, type Message, MessageType, type NodeId } from "@redoubt/raft";
import type { AuditReport, PeerTransport } from "@redoubt/replica/ports";
import { afterEach, describe, expect, test } from "vitest";

export interface PeerNetworkUnderTest {
  /** Nodes 1, 2 and 3. The newest one of that id, after `restart`. */
  node(id: NodeId): PeerTransport;
  /** What node `id` received since it (re)started, in order. */
  received(id: NodeId): readonly Message[];
  /** The state digests that node `id` received since it (re)started, in order. */
  audits(id: NodeId): readonly AuditReport[];
  /** What node `id` was told through `unreachable` since it (re)started, in order. */
  unreachable(id: NodeId): readonly NodeId[];
  /** Node `id` goes away as a killed process does. */
  stop(id: NodeId): Promise<void>;
  /** It comes back; resolves when every link to it is up again. */
  restart(id: NodeId): Promise<void>;
  /** Lets the world run until `condition` holds; rejects when it never does. */
  settle(condition: () => boolean): Promise<void>;
  /** Called last. */
  dispose(): Promise<void>;
}

const MIB = 1024 * 1024;

export function peerTransportContract(
  name: string,
  open: () => Promise<PeerNetworkUnderTest>,
): void {
  describe(`peer transport contract: ${name}`, () => {
    const opened: PeerNetworkUnderTest[] = [];
    afterEach(async () => {
      for (const subject of opened.splice(0)) await subject.dispose();
    });
    const start = async () => {
      const network = await open();
      opened.push(network);
      return network;
    };

    test("a message arrives at the node it is sent to, as it was sent, and nowhere else", async () => {
      const network = await start();
      const sent = [heartbeat(1, 2, 4), heartbeat(1, 3, 5), append(3, 2, 7, [bytes(300, 1)])];
      for (const message of sent) network.node(message.from).send(message);
      await network.settle(
        () => network.received(2).length === 2 && network.received(3).length === 1,
      );
      expect(network.received(1)).toEqual([]);
      expect(network.received(3).map(comparable)).toEqual([comparable(sent[1]!)]);
      const atTwo = network.received(2).map(comparable);
      expect(atTwo).toContainEqual(comparable(sent[0]!));
      expect(atTwo).toContainEqual(comparable(sent[2]!));
    });

    test("a state digest arrives at the incarnation it is meant for, as it was sent", async () => {
      const network = await start();
      const report = audit(1, 2, 1);
      network.node(1).sendAudit(report);
      network.node(1).sendAudit(audit(1, 2, 9));
      network.node(1).sendAudit(audit(1, 99, 1));
      expect(network.audits(2)).toEqual([]);
      network.node(1).send(heartbeat(1, 2, 1));
      await network.settle(() => network.received(2).length === 1 && network.audits(2).length > 0);
      expect(network.audits(2)).toEqual([report]);
      expect(network.audits(3)).toEqual([]);
      expect(network.unreachable(1)).not.toContain(2);
    });

    test("nothing is received from inside send", async () => {
      const network = await start();
      network.node(1).send(heartbeat(1, 2, 1));
      expect(network.received(2)).toEqual([]);
      await network.settle(() => network.received(2).length === 1);
    });

    test("entries stay in order, and so do urgent messages", async () => {
      const network = await start();
      const count = 200;
      for (let round = 1; round <= count; round += 1) {
        network.node(2).send(append(2, 1, round, [bytes((round * 331) % 20_000, round)]));
        network.node(2).send(heartbeat(2, 1, round));
      }
      await network.settle(() => network.received(1).length === 2 * count);
      const indexes: number[] = [];
      const rounds: number[] = [];
      for (const message of network.received(1)) {
        if (message.type === MessageType.append) indexes.push(message.prevIndex);
        if (message.type === MessageType.heartbeat) rounds.push(message.readRound);
      }
      const expected = Array.from({ length: count }, (_, at) => at + 1);
      expect(indexes).toEqual(expected);
      expect(rounds).toEqual(expected);
    });

    test("an entry of many megabytes arrives whole", async () => {
      const network = await start();
      const message = append(1, 3, 4, [bytes(10, 1), bytes(9 * MIB + 17, 2), bytes(0, 3)]);
      network.node(1).send(message);
      await network.settle(() => network.received(3).length === 1);
      expect(comparable(network.received(3)[0]!)).toEqual(comparable(message));
    });

    test("sending to a node that is away neither throws nor arrives, and is said later", async () => {
      const network = await start();
      await network.stop(3);
      await network.settle(() => network.unreachable(1).includes(3));
      const before = network.unreachable(1).length;
      network.node(1).send(heartbeat(1, 3, 1));
      expect(network.unreachable(1).length).toBe(before);
      await network.settle(() => network.unreachable(1).length > before);
      network.node(1).send(heartbeat(1, 2, 2));
      await network.settle(() => network.received(2).length === 1);
      expect(network.unreachable(1)).not.toContain(2);
    });

    test("sending to nobody, to a stranger or to oneself is harmless", async () => {
      const network = await start();
      for (const to of [0, 1, 99]) network.node(1).send(heartbeat(1, to, 1));
      network.node(1).send(heartbeat(1, 2, 2));
      await network.settle(() => network.received(2).length === 1);
      expect(network.received(1)).toEqual([]);
    });

    test("a node that comes back is reached again, and gets nothing from before", async () => {
      const network = await start();
      await network.stop(2);
      for (let round = 1; round <= 10; round += 1) network.node(1).send(heartbeat(1, 2, round));
      await network.settle(() => network.unreachable(1).includes(2));
      await network.restart(2);
      network.node(1).send(heartbeat(1, 2, 11));
      network.node(2).send(heartbeat(2, 1, 12));
      await network.settle(
        () => network.received(2).length === 1 && network.received(1).length === 1,
      );
      expect(network.received(2)).toEqual([heartbeat(1, 2, 11)]);
      expect(network.received(1)).toEqual([heartbeat(2, 1, 12)]);
    });
  });
}

/** What every message of a first incarnation says. */
const born = { incarnation: 1, toIncarnation: 0 } as const;

function heartbeat(from: NodeId, to: NodeId, readRound: number): Message {
  const type = MessageType.heartbeat;
  return { type, from, to, term: 3, ...born, commit: 7, readRound };
}

function audit(from: NodeId, to: NodeId, toIncarnation: number): AuditReport {
  const digest = "0123456789abcdef";
  return { from, to, incarnation: 1, toIncarnation, index: 12, term: 3, format: 1, digest };
}

function append(
  from: NodeId,
  to: NodeId,
  prevIndex: number,
  payloads: readonly Uint8Array[],
): Message {
  const entries = payloads.map(
    (payload, at): Entry => ({
      index: prevIndex + 1 + at,
      term: 3,
      kind: 1,
      checksum: 0x80000000 + at,
      payload,
    }),
  );
  return {
    type: MessageType.append,
    from,
    to,
    term: 3,
    ...born,
    prevIndex,
    prevTerm: 3,
    commit: 2,
    entries,
  };
}

function bytes(length: number, seed: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => (at * 31 + seed) % 251);
}

/** Payloads by content: an adapter may hand over any kind of Uint8Array. */
function comparable(message: Message): unknown {
  if (message.type !== MessageType.append) return message;
  const entries = message.entries.map((entry) => ({
    ...entry,
    payload: Buffer.from(entry.payload).toString("latin1"),
  }));
  return { ...message, entries };
}
