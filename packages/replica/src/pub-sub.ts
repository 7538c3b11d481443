/**
 * Who listens to what on this node, and what becomes of a message when it is committed here (design, section 5).
 * It knows nothing of the log: it is handed messages in commit order, on the leader and on every follower.
 *
 *   channel -------> sessions     message
 *   pattern -------> sessions     pmessage
 *   shard channel -> sessions     smessage
 *
 * A message is appended behind the replies of its reader that still wait, and leaves with them: a client that
 * speaks RESP2 tells messages from replies by their order alone. Who reads too slowly is cut by its sink.
 *
 * Telling takes its share of a turn and goes on in the next: one entry may hold fifty thousand messages, each for
 * thousands of sessions. What a node does not get told is bounded; then it is the subscribers that go.
 */

import { globMatch } from "@redoubt/commands";
import {
  MESSAGE_OVERHEAD_BYTES,
  MESSAGE_SHARED_BYTES_MIN,
  SUBSCRIPTION_BYTES,
  TELL_CLOCK_CHECK,
  UNTOLD_BYTES_MAX,
} from "./constants.js";
import type { Clock } from "./ports.js";
import type { ReplyGate } from "./reply-gate.js";
import type { Session } from "./session.js";

export type SubscriptionKind = "channel" | "pattern" | "shard";

/** What one session listens to. Channels and patterns are counted together, shard channels alone. */
export class Subscriptions {
  readonly channel = new Set<string>();
  readonly pattern = new Set<string>();
  readonly shard = new Set<string>();

  /** What a confirmation tells. */
  countOf(kind: SubscriptionKind): number {
    return kind === "shard" ? this.shard.size : this.channel.size + this.pattern.size;
  }

  get size(): number {
    return this.channel.size + this.pattern.size + this.shard.size;
  }
}

/** Each with the number of the last message that was committed before it listened. */
type Listeners = Map<string, Map<Session, number>>;

/** A committed message that was not told to everybody yet. */
interface Committed {
  readonly channel: string;
  /** A view of its entry, or a message's own bytes: not changed by anyone. */
  readonly message: Uint8Array;
  readonly sharded: boolean;
}

const kinds: readonly SubscriptionKind[] = ["channel", "pattern", "shard"];

export class PubSub {
  readonly #gate: ReplyGate;
  readonly #listeners: Readonly<Record<SubscriptionKind, Listeners>> = {
    channel: new Map(),
    pattern: new Map(),
    shard: new Map(),
  };
  readonly #subscribers = new Set<Session>();
  #memoryBytes = 0;
  #untold: Committed[] = [];
  #untoldHead = 0;
  #untoldBytes = 0;
  /** Messages that were ever committed while somebody listened. */
  #sequence = 0;
  #tellings = 0;

  constructor(gate: ReplyGate) {
    this.#gate = gate;
  }

  /** What waits to be told, in bytes (estimate). */
  get untoldBytes(): number {
    return this.#untoldBytes;
  }

  /** What the subscriptions cost, in bytes (estimate). */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Channels, patterns or shard channels that somebody listens to. */
  count(kind: SubscriptionKind): number {
    return this.#listeners[kind].size;
  }

  names(kind: SubscriptionKind): Iterable<string> {
    return this.#listeners[kind].keys();
  }

  subscribersOf(kind: SubscriptionKind, name: string): number {
    return this.#listeners[kind].get(name)?.size ?? 0;
  }

  subscribe(session: Session, kind: SubscriptionKind, name: string): void {
    session.subscriptions ??= new Subscriptions();
    const own = session.subscriptions[kind];
    if (own.has(name)) return;
    own.add(name);
    this.#subscribers.add(session);
    const listeners = this.#listeners[kind];
    const sessions = listeners.get(name);
    if (sessions === undefined) listeners.set(name, new Map([[session, this.#sequence]]));
    else sessions.set(session, this.#sequence);
    this.#memoryBytes += costOf(name);
  }

  unsubscribe(session: Session, kind: SubscriptionKind, name: string): void {
    const { subscriptions } = session;
    if (subscriptions === null || !subscriptions[kind].delete(name)) return;
    const listeners = this.#listeners[kind];
    const sessions = listeners.get(name);
    sessions?.delete(session);
    if (sessions?.size === 0) listeners.delete(name);
    this.#memoryBytes -= costOf(name);
    if (subscriptions.size > 0) return;
    session.subscriptions = null;
    this.#subscribers.delete(session);
  }

  unsubscribeAll(session: Session): void {
    const { subscriptions } = session;
    if (subscriptions === null) return;
    for (const kind of kinds) {
      for (const name of subscriptions[kind]) this.unsubscribe(session, kind, name);
    }
  }

  /** How many times a message would be heard: a session may match by its channel and by several patterns. */
  receivers(channel: string, sharded: boolean): number {
    if (sharded) return this.subscribersOf("shard", channel);
    let count = this.subscribersOf("channel", channel);
    for (const [pattern, sessions] of this.#listeners.pattern) {
      if (globMatch(pattern, channel)) count += sessions.size;
    }
    return count;
  }

  /** It is committed: all who listen now will hear it, if they read fast enough. */
  publish(channel: string, message: Uint8Array, sharded: boolean): void {
    if (this.#subscribers.size === 0) return;
    this.#sequence += 1;
    this.#untold.push({ channel, message, sharded });
    this.#untoldBytes += message.length + MESSAGE_OVERHEAD_BYTES;
    if (this.#untoldBytes > UNTOLD_BYTES_MAX) this.endAll();
  }

  /** Tells what is committed, until `endMs` at most. The rest waits for the next turn. */
  tell(clock: Clock, endMs: number): void {
    while (this.#untoldHead < this.#untold.length) {
      const committed = this.#untold[this.#untoldHead]!;
      const sequence = this.#sequence - (this.#untold.length - this.#untoldHead) + 1;
      this.#untoldHead += 1;
      this.#untoldBytes -= committed.message.length + MESSAGE_OVERHEAD_BYTES;
      this.#tellings += 1;
      this.#tellAll(committed, sequence);
      if (this.#tellings < TELL_CLOCK_CHECK) continue;
      this.#tellings = 0;
      if (clock.monotonicMs() >= endMs) break;
    }
    if (this.#untoldHead === this.#untold.length) this.#forgetUntold();
    else if (this.#untoldHead > 1024 && this.#untoldHead * 2 > this.#untold.length) {
      this.#untold = this.#untold.slice(this.#untoldHead);
      this.#untoldHead = 0;
    }
  }

  /** Nothing, or not everything, will be heard here any more: the connections end, and their owners know. */
  endAll(): void {
    this.#forgetUntold();
    for (const session of [...this.#subscribers]) {
      this.unsubscribeAll(session);
      session.closeAfterReply();
    }
  }

  #forgetUntold(): void {
    if (this.#untold.length === 0) return;
    this.#untold = [];
    this.#untoldHead = 0;
    this.#untoldBytes = 0;
  }

  #tellAll({ channel, message, sharded }: Committed, sequence: number): void {
    const large = message.length >= MESSAGE_SHARED_BYTES_MIN;
    const entry = message.byteLength < message.buffer.byteLength;
    // Held by reference, a view would keep its whole entry alive for as long as the slowest reader takes.
    const kept = large && entry ? Buffer.from(message) : message;
    const word = sharded ? "smessage" : "message";
    const listeners = this.#listeners[sharded ? "shard" : "channel"].get(channel);
    if (listeners !== undefined) this.#tellThese(listeners, sequence, word, null, channel, kept);
    if (sharded) return;
    // A pattern that does not match takes its time, too.
    this.#tellings += this.#listeners.pattern.size;
    for (const [pattern, sessions] of this.#listeners.pattern) {
      if (!globMatch(pattern, channel)) continue;
      this.#tellThese(sessions, sequence, "pmessage", pattern, channel, kept);
    }
  }

  #tellThese(
    sessions: ReadonlyMap<Session, number>,
    sequence: number,
    word: string,
    pattern: string | null,
    channel: string,
    message: Uint8Array,
  ): void {
    for (const [session, since] of sessions) {
      if (sequence <= since || session.closing) continue;
      this.#tellings += 1;
      const { reply } = session;
      const start = session.output.end;
      reply.push(pattern === null ? 3 : 4);
      reply.bulk(word);
      if (pattern !== null) reply.bulk(pattern);
      reply.bulk(channel);
      reply.bulk(message);
      if (session.hasTakenBack) session.queueOutput(start);
      else this.#gate.pushMessage(session, start);
      const held = session.waitingBytes + session.queuedBytes;
      if (session.sink.overflows?.(held) === true) this.unsubscribeAll(session);
    }
  }
}

function costOf(name: string): number {
  return SUBSCRIPTION_BYTES + 2 * name.length;
}
