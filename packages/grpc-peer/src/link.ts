/**
 * The link to one peer: its two authenticated streams, which live and die together. A link of which
 * one half is dead would look healthy to heartbeats while no entry gets through (trap 39).
 *
 *   attach(control), attach(append) --> up --> ... --> closed
 */

import { type Message, MessageType, type NodeId } from "@redoubt/raft";
import type { AuditDigest } from "./audit-codec.js";
import { assert, MalformedFrame } from "./errors.js";
import { FrameReader, PING_FRAME } from "./frame-codec.js";
import { StreamKind } from "./handshake.js";
import { Outbox } from "./outbox.js";
import type { PeerStream } from "./stream.js";

export interface LinkOwner {
  linkUp(link: Link): void;
  /** Valid, from the link's peer, to this node. May come before linkUp: the other stream is still opening. */
  linkReceived(message: Message): void;
  linkAudited(link: Link, audit: AuditDigest): void;
  /** Once. `malformed`: the peer sent what no honest peer sends. */
  linkClosed(link: Link, reason: string, malformed: boolean): void;
}

export interface LinkTraffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly queuedBytes: number;
  readonly queuedMessages: number;
}

/** Ticks (heartbeat intervals) a link may be silent or stuck. */
export interface LinkPatience {
  readonly silentTicks: number;
  readonly stalledTicks: number;
}

/** One stream of the link and what the last tick saw of it. */
class Half {
  readonly stream: PeerStream;
  readonly outbox: Outbox;
  readonly reader = new FrameReader();
  framesSentAtTick = 0;
  bytesReceivedAtTick = 0;
  stalledTicks = 0;

  constructor(stream: PeerStream) {
    this.stream = stream;
    this.outbox = new Outbox(stream);
  }
}

export class Link {
  readonly peer: NodeId;
  readonly incarnation: number;
  /** Names the link among the peer's: hex of the dialer's choice. */
  readonly id: string;
  readonly announce: Uint8Array;
  readonly #self: NodeId;
  readonly #owner: LinkOwner;
  readonly #patience: LinkPatience;
  #control: Half | null = null;
  #append: Half | null = null;
  #silentTicks = 0;
  #closed = false;

  constructor(
    self: NodeId,
    peer: { id: NodeId; incarnation: number; link: string; announce: Uint8Array },
    owner: LinkOwner,
    patience: LinkPatience,
  ) {
    this.#self = self;
    this.peer = peer.id;
    this.incarnation = peer.incarnation;
    this.id = peer.link;
    this.announce = peer.announce;
    this.#owner = owner;
    this.#patience = patience;
  }

  get up(): boolean {
    return !this.#closed && this.#control !== null && this.#append !== null;
  }

  get traffic(): LinkTraffic {
    const traffic = { bytesSent: 0, bytesReceived: 0, queuedBytes: 0, queuedMessages: 0 };
    for (const half of this.#halves()) {
      traffic.bytesSent += half.stream.bytesSent;
      traffic.bytesReceived += half.stream.bytesReceived;
      traffic.queuedBytes += half.outbox.queuedBytes;
      traffic.queuedMessages += half.outbox.queuedMessages;
    }
    return traffic;
  }

  /** Takes over a stream whose handshake is complete. */
  attach(stream: PeerStream): void {
    assert(!this.#closed, "a stream joins an open link");
    const taken = stream.kind === StreamKind.control ? this.#control : this.#append;
    if (taken !== null) {
      stream.abort("a second stream of one kind");
      this.#close("the peer opened a second stream of one kind", true);
      return;
    }
    const half = new Half(stream);
    if (stream.kind === StreamKind.control) {
      this.#control = half;
    } else {
      this.#append = half;
    }
    stream.setHandler({
      frame: (frame) => this.#frame(half, frame),
      closed: (reason) => this.#close(reason, false),
    });
    if (this.up) {
      this.#owner.linkUp(this);
    }
  }

  /** False: dropped, because the link is not up or its queue is full. */
  send(message: Message): boolean {
    if (this.#closed || this.#control === null || this.#append === null) {
      return false;
    }
    const half = streamOf(message) === StreamKind.append ? this.#append : this.#control;
    return half.outbox.send(message);
  }

  /** As `send`. */
  sendAudit(audit: AuditDigest): boolean {
    return this.up && (this.#control?.outbox.sendAudit(audit) ?? false);
  }

  /**
   * Once a heartbeat interval. Counts ticks instead of reading a clock: a pause of this process is one
   * tick, not a silence of the peer.
   */
  tick(): void {
    let heard = false;
    for (const half of this.#halves()) {
      heard ||= half.stream.bytesReceived !== half.bytesReceivedAtTick;
      half.bytesReceivedAtTick = half.stream.bytesReceived;
      const moved = half.stream.framesSent !== half.framesSentAtTick;
      const stuck = half.stream.framesInFlight > 0 && !moved;
      half.stalledTicks = stuck ? half.stalledTicks + 1 : 0;
      if (half.stalledTicks >= this.#patience.stalledTicks) {
        this.#close("the peer takes no bytes", false);
        return;
      }
    }
    this.#silentTicks = heard ? 0 : this.#silentTicks + 1;
    if (this.#silentTicks >= this.#patience.silentTicks) {
      this.#close("the peer is silent", false);
      return;
    }
    this.#pingWhenIdle();
    for (const half of this.#halves()) {
      half.framesSentAtTick = half.stream.framesSent;
    }
  }

  /** The peer's process lives, though this link is silent: its event loop stands still, for a bounded time. */
  alive(): void {
    this.#silentTicks = 0;
  }

  close(reason: string): void {
    this.#close(reason, false);
  }

  #pingWhenIdle(): void {
    const control = this.#control;
    if (control !== null && control.stream.framesSent === control.framesSentAtTick) {
      if (control.stream.framesInFlight === 0) {
        control.stream.write(PING_FRAME, () => {});
      }
    }
  }

  #frame(half: Half, frame: Buffer): void {
    const audits: AuditDigest[] = [];
    for (const message of this.#read(half, frame, audits)) {
      if (this.#closed) {
        return;
      }
      this.#owner.linkReceived(message);
    }
    for (const audit of audits) {
      if (this.#closed) {
        return;
      }
      this.#owner.linkAudited(this, audit);
    }
  }

  /** Only decoding is guarded: what the owner throws is its own broken invariant and stops the process. */
  #read(half: Half, frame: Buffer, audits: AuditDigest[]): Message[] {
    try {
      const isControl = half.stream.kind === StreamKind.control;
      const messages = half.reader.read(frame, isControl ? audits : null);
      for (const message of messages) {
        this.#check(half, message);
      }
      return messages;
    } catch (error) {
      if (!(error instanceof MalformedFrame)) {
        throw error;
      }
      this.#close(error.message, true);
      return [];
    }
  }

  #check(half: Half, message: Message): void {
    if (message.from !== this.peer || message.to !== this.#self) {
      throw new MalformedFrame("message between other nodes");
    }
    if (streamOf(message) !== half.stream.kind) {
      throw new MalformedFrame("message on the wrong stream");
    }
  }

  #close(reason: string, malformed: boolean): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    for (const half of this.#halves()) {
      half.stream.abort(reason);
    }
    this.#owner.linkClosed(this, reason, malformed);
  }

  #halves(): Half[] {
    const halves: Half[] = [];
    if (this.#control !== null) {
      halves.push(this.#control);
    }
    if (this.#append !== null) {
      halves.push(this.#append);
    }
    return halves;
  }
}

/** What is large goes beside what is urgent, not before it. */
function streamOf(message: Message): StreamKind {
  return message.type === MessageType.append || message.type === MessageType.snapshotChunk
    ? StreamKind.append
    : StreamKind.control;
}
