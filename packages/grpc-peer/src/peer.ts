/**
 * What this node knows of one peer: its address, its link or the attempts to get one, and what the
 * replica is owed about it.
 *
 *   dialling <--> link incomplete --> link up --> closed --> back-off --> dialling
 *
 * The higher id of a pair dials. The lower one waits for it, but not for ever: the higher may follow an older
 * configuration, which does not name this node or knows it elsewhere, and would never call.
 */

import type { Message, NodeId } from "@redoubt/raft";
import type { AuditReport } from "@redoubt/replica/ports";
import type { AuditDigest } from "./audit-codec.js";
import {
  LONELY_DIAL_MS,
  RECONNECT_DELAY_MAX_MS,
  RECONNECT_DELAY_MIN_MS,
  UNREACHABLE_INTERVAL_MS,
} from "./constants.js";
import { Dial, type DialFailure } from "./dial.js";
import type { Claims } from "./generated/redoubt/peer/v1/peer.js";
import type { HandshakeTerms } from "./handshake-run.js";
import { Link, type LinkPatience, type LinkTraffic } from "./link.js";
import type { PeerStream } from "./stream.js";

export interface PeerStatus {
  readonly id: NodeId;
  readonly address: string;
  readonly connected: boolean;
  /** Of the link, or the highest one seen; 0 when the peer was never authenticated. */
  readonly incarnation: number;
  readonly messagesDropped: number;
  readonly linksOpened: number;
  /** 0 when the peer is the one who dials. */
  readonly dialsFailed: number;
  /** Why there is no link; empty when there is one or none was tried. */
  readonly lastFault: string;
  /** Of the current link; zeros without one. */
  readonly traffic: LinkTraffic;
}

export interface PeerOwner {
  peerUp(link: Link): void;
  peerDown(peer: NodeId, reason: string, malformed: boolean): void;
  peerReceived(message: Message): void;
  peerAudited(peer: NodeId, incarnation: number, audit: AuditDigest): void;
  /** Never from inside a call of this class; coalesced. */
  peerUnreachable(peer: NodeId): void;
  peerDialFailed(peer: NodeId, address: string, failure: DialFailure): void;
}

export interface PeerSettings {
  readonly self: NodeId;
  readonly patience: LinkPatience;
  readonly random: () => number;
  readonly owner: PeerOwner;
  /** A newer configuration than ours may name that incarnation. */
  readonly isNewcomer: (incarnation: number) => boolean;
}

const NO_TRAFFIC: LinkTraffic = {
  bytesSent: 0,
  bytesReceived: 0,
  queuedBytes: 0,
  queuedMessages: 0,
};

export class Peer {
  readonly id: NodeId;
  #address: string;
  /** The configuration's; null: not known, any not below the highest one seen will do. */
  #incarnation: number | null;
  #incarnationSeen = 0;
  readonly #settings: PeerSettings;
  readonly #terms: HandshakeTerms;
  /** It is ours to call: the peer waits for it. */
  readonly #dials: boolean;
  #link: Link | null = null;
  #dial: Dial | null = null;
  /** Name of the link that came of `#dial`; "": none yet. */
  #dialledLink = "";
  #redial: NodeJS.Timeout | null = null;
  #failures = 0;
  /** Runs from the first unreported loss, through its report, to the end of the interval after it. */
  #lossTimer: NodeJS.Timeout | null = null;
  #lossPending = false;
  #messagesDropped = 0;
  #linksOpened = 0;
  #dialsFailed = 0;
  #lastFault = "";
  #closed = false;

  /** `address` "": not known, it calls. */
  constructor(
    id: NodeId,
    address: string,
    incarnation: number | null,
    terms: HandshakeTerms,
    settings: PeerSettings,
  ) {
    this.id = id;
    this.#address = address;
    this.#incarnation = incarnation;
    this.#terms = terms;
    this.#settings = settings;
    this.#dials = settings.self > id;
  }

  get linked(): boolean {
    return this.#link !== null;
  }

  get connected(): boolean {
    return this.#link?.up ?? false;
  }

  get status(): PeerStatus {
    return {
      id: this.id,
      address: this.#address,
      connected: this.connected,
      incarnation: this.#link?.incarnation ?? this.#incarnationSeen,
      messagesDropped: this.#messagesDropped,
      linksOpened: this.#linksOpened,
      dialsFailed: this.#dialsFailed,
      lastFault: this.connected ? "" : this.#lastFault,
      traffic: this.#link?.traffic ?? NO_TRAFFIC,
    };
  }

  start(): void {
    if (this.#dials) {
      this.#dialNow();
    } else {
      this.#dialLater();
    }
  }

  /** The configuration's, or one that a newer configuration may have put in its place. */
  judgeIncarnation(incarnation: number): "incarnation" | null {
    const acceptable =
      this.#incarnation === null
        ? incarnation >= Math.max(1, this.#incarnationSeen)
        : incarnation === this.#incarnation || this.#settings.isNewcomer(incarnation);
    // The one that was replaced may still be alive and call: it does not cut its successor off.
    const replaced = this.#link !== null && incarnation < this.#link.incarnation;
    return acceptable && !replaced ? null : "incarnation";
  }

  /** It takes the place of the incarnation we know, or is somebody we do not know. */
  isNewcomer(incarnation: number): boolean {
    return incarnation !== this.#incarnation && this.#settings.isNewcomer(incarnation);
  }

  /** Heard on another way than its link. */
  alive(): void {
    this.#link?.alive();
  }

  /** The configuration changed. A link that no longer fits is closed. */
  update(address: string, incarnation: number | null): void {
    const moved = address !== this.#address && this.#address !== "";
    this.#address = address;
    this.#incarnation = incarnation;
    const link = this.#link;
    if (link !== null && (moved || this.judgeIncarnation(link.incarnation) !== null)) {
      link.close("the peer's entry changed");
    }
  }

  send(message: Message): void {
    const sent = this.#link?.send(message) ?? false;
    if (!sent) {
      this.#messagesDropped += 1;
      this.#reportUnreachable();
    }
  }

  /** To that incarnation only. What is lost makes nobody unreachable. */
  sendAudit(report: AuditReport): void {
    if (this.#link?.incarnation === report.toIncarnation) this.#link.sendAudit(report);
  }

  /** Takes an authenticated stream. The first of a newer link replaces the older link. */
  join(stream: PeerStream, claims: Claims): void {
    const id = linkName(claims);
    if (this.#link !== null && this.#link.id !== id) {
      this.#link.close("replaced by a newer link");
    }
    this.#incarnationSeen = Math.max(this.#incarnationSeen, claims.incarnation);
    this.#link ??= new Link(
      this.#settings.self,
      { id: this.id, incarnation: claims.incarnation, link: id, announce: claims.announce },
      {
        linkUp: (link) => this.#up(link),
        linkReceived: (message) => this.#settings.owner.peerReceived(message),
        linkAudited: ({ peer, incarnation }, audit) =>
          this.#settings.owner.peerAudited(peer, incarnation, audit),
        linkClosed: (link, reason, malformed) => this.#down(link, reason, malformed),
      },
      this.#settings.patience,
    );
    this.#link.attach(stream);
  }

  tick(): void {
    this.#link?.tick();
  }

  close(): void {
    this.#closed = true;
    this.#clearTimers();
    this.#link?.close("this node closes its transport");
    this.#dial?.end("this node closes its transport");
    this.#clearTimers();
  }

  #up(link: Link): void {
    this.#failures = 0;
    this.#linksOpened += 1;
    this.#settings.owner.peerUp(link);
  }

  #down(link: Link, reason: string, malformed: boolean): void {
    if (this.#link === link) {
      this.#link = null;
    }
    this.#lastFault = reason;
    this.#settings.owner.peerDown(this.id, reason, malformed);
    if (link.id === this.#dialledLink) {
      this.#dial?.end(reason);
      this.#dial = null;
    }
    this.#reportUnreachable();
    this.#dialLater();
  }

  #dialNow(): void {
    const pending = this.#dial !== null || this.#link !== null;
    if (this.#closed || pending || this.#address === "") {
      return;
    }
    this.#dialledLink = "";
    this.#dial = new Dial(this.id, this.#address, this.#terms, {
      dialOpened: (stream, claims) => {
        this.#dialledLink = linkName(claims);
        this.join(stream, claims);
      },
      dialFailed: (failure) => this.#dialFailed(failure),
    });
  }

  #dialFailed(failure: DialFailure): void {
    this.#dial = null;
    if (this.#dials) {
      this.#dialsFailed += 1;
      this.#lastFault = failure.kind === "refused" ? `refused: ${failure.cause}` : failure.reason;
      this.#settings.owner.peerDialFailed(this.id, this.#address, failure);
    }
    if (this.#link !== null && this.#link.id === this.#dialledLink) {
      this.#link.close("the link's other stream failed");
    }
    this.#dialLater();
  }

  #dialLater(): void {
    if (this.#closed || this.#redial !== null) {
      return;
    }
    this.#redial = setTimeout(() => {
      this.#redial = null;
      this.#dialNow();
    }, this.#dialDelayMs());
  }

  /** Exponential back-off with full jitter: the wait is uniform below a bound that doubles. */
  #dialDelayMs(): number {
    const { random } = this.#settings;
    if (!this.#dials) return LONELY_DIAL_MS * (1 + random());
    const bound = Math.min(RECONNECT_DELAY_MAX_MS, RECONNECT_DELAY_MIN_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    return random() * bound;
  }

  /**
   * At the next turn of the event loop, then at most once an interval: raft answers each report with
   * probes, and a probe without a link is itself a loss.
   */
  #reportUnreachable(): void {
    this.#lossPending = true;
    if (this.#lossTimer === null && !this.#closed) {
      this.#lossTimer = setTimeout(() => this.#sayUnreachable(), 0);
    }
  }

  #sayUnreachable(): void {
    this.#lossPending = false;
    this.#lossTimer = setTimeout(() => {
      this.#lossTimer = null;
      if (this.#lossPending) {
        this.#reportUnreachable();
      }
    }, UNREACHABLE_INTERVAL_MS);
    this.#settings.owner.peerUnreachable(this.id);
  }

  #clearTimers(): void {
    for (const timer of [this.#redial, this.#lossTimer]) {
      if (timer !== null) {
        clearTimeout(timer);
      }
    }
    this.#redial = null;
    this.#lossTimer = null;
  }
}

function linkName({ link }: Claims): string {
  return Buffer.from(link).toString("hex");
}
