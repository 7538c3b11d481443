/**
 * Sessions whose command found nothing and waits for a key: by key in the order of arrival, and by deadline.
 * A key that is touched becomes ready; whoever waits for it is handed out, first come first, until the caller
 * finds nothing left for them. A session that finds nothing again keeps its place.
 */

import { type Keyspace, type TypeName, typeOf, type Value } from "@redoubt/keyspace";
import type { BlockedOnKeys, Session } from "./session.js";

/** Entries that are gone and may be kept in any case: fewer are not worth a look. */
const GONE_DEADLINES_MAX = 64;

interface Entry {
  readonly session: Session;
  readonly keys: readonly string[];
  readonly type: TypeName | null;
  readonly mayServe: ((value: Value | undefined) => boolean) | null;
  readonly deadlineMs: number;
  isGone: boolean;
}

const NOBODY: ReadonlySet<Entry> = new Set();

/** Who waits for a key. Insertion order is arrival. */
class Waiting {
  /** For any change. */
  readonly any = new Set<Entry>();
  /** For a value of their type, which is the only one that finds something. */
  readonly typed = new Map<TypeName, Set<Entry>>();
  /** On a follower nobody tells of touches: the key's version when it was looked at. */
  version: number;

  constructor(version: number) {
    this.version = version;
  }

  add(entry: Entry): void {
    const { type } = entry;
    if (type === null) {
      this.any.add(entry);
      return;
    }
    const sameType = this.typed.get(type);
    if (sameType === undefined) this.typed.set(type, new Set([entry]));
    else sameType.add(entry);
  }

  delete(entry: Entry): void {
    const { type } = entry;
    if (type === null) {
      this.any.delete(entry);
      return;
    }
    const sameType = this.typed.get(type);
    sameType?.delete(entry);
    if (sameType?.size === 0) this.typed.delete(type);
  }

  get isEmpty(): boolean {
    return this.any.size === 0 && this.typed.size === 0;
  }
}

/** A ready key whose clients are handed out. */
interface Service {
  readonly key: string;
  readonly waiting: Waiting;
  /** Live: who is dropped meanwhile does not come, and nobody is copied. */
  readonly any: Iterator<Entry>;
  /** Those who wait for the type the key holds when their turn comes. Null: it has not come. */
  typed: Iterator<Entry> | null;
}

export class BlockedClients {
  readonly #keyspace: Keyspace;
  readonly #entries = new Map<Session, Entry>();
  readonly #byKey = new Map<string, Waiting>();
  /** A heap: the next deadline first. What is gone leaves it at the top, or when it is half of it. */
  #deadlines: Entry[] = [];
  #goneDeadlines = 0;
  /** In the order in which they were touched. */
  #ready = new Set<string>();
  #service: Service | null = null;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** For tests: entries kept for their deadlines, those that are gone included. */
  get timedSize(): number {
    return this.#deadlines.length;
  }

  get hasReady(): boolean {
    return this.#ready.size > 0 || this.#service !== null;
  }

  has(session: Session): boolean {
    return this.#entries.has(session);
  }

  /** A session that waits for the same keys already keeps its place. */
  block(session: Session, { keys, type, mayServe, deadlineMs }: BlockedOnKeys): void {
    const known = this.#entries.get(session);
    if (known !== undefined) {
      if (known.type === type && sameKeys(known.keys, keys)) return;
      this.#drop(known);
    }
    const entry = { session, keys, type, mayServe, deadlineMs, isGone: false };
    this.#entries.set(session, entry);
    for (const key of keys) {
      let waiting = this.#byKey.get(key);
      if (waiting === undefined) {
        waiting = new Waiting(this.#keyspace.watch(key));
        this.#byKey.set(key, waiting);
      }
      waiting.add(entry);
    }
    if (deadlineMs !== Number.POSITIVE_INFINITY) this.#pushDeadline(entry);
  }

  /** It is answered, or gone. */
  remove(session: Session): void {
    const entry = this.#entries.get(session);
    if (entry !== undefined) this.#drop(entry);
  }

  /** An effect touched the key. */
  touched(key: string): void {
    if (this.#byKey.has(key)) this.#ready.add(key);
  }

  touchedAll(): void {
    for (const key of this.#byKey.keys()) this.#ready.add(key);
  }

  /** On a follower: those keys are ready that entries have changed since this was asked before. */
  lookForChanges(): void {
    for (const [key, waiting] of this.#byKey) {
      const version = this.#keyspace.version(key);
      if (version === waiting.version) continue;
      waiting.version = version;
      this.#ready.add(key);
    }
  }

  /** The next session that may find something; it is still blocked. Null: nobody. */
  nextReady(): Session | null {
    for (;;) {
      const service = this.#service ?? this.#nextService();
      if (service === null) return null;
      this.#service = service;
      const waiting = service.any.next().value as Entry | undefined;
      if (waiting !== undefined) {
        if (waiting.mayServe?.(this.#keyspace.peek(service.key)) === false) continue;
        return waiting.session;
      }
      service.typed ??= this.#typedOf(service);
      const entry = service.typed.next().value as Entry | undefined;
      if (entry !== undefined && this.#holds(service.key, entry.type)) return entry.session;
      this.#service = null;
    }
  }

  /** Monotonic ms; Infinity: none. */
  nextDeadlineMs(): number {
    this.#dropGoneDeadlines();
    return this.#deadlines[0]?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  /** A session that has waited long enough; it is still blocked. Null: none. */
  nextExpired(nowMs: number): Session | null {
    this.#dropGoneDeadlines();
    const first = this.#deadlines[0];
    return first !== undefined && first.deadlineMs <= nowMs ? first.session : null;
  }

  /** Everybody, in order of arrival; nobody waits any more. */
  takeAll(): Session[] {
    const entries = [...this.#entries.values()];
    for (const entry of entries) this.#drop(entry);
    this.#service = null;
    return entries.map(({ session }) => session);
  }

  #typedOf({ key, waiting }: Service): Iterator<Entry> {
    const value = this.#keyspace.peek(key);
    const entries = value === undefined ? undefined : waiting.typed.get(typeOf(value));
    return (entries ?? NOBODY).values();
  }

  /** Else those behind find nothing, either. */
  #holds(key: string, type: TypeName | null): boolean {
    const value = this.#keyspace.peek(key);
    return value !== undefined && typeOf(value) === type;
  }

  #nextService(): Service | null {
    for (const key of this.#ready) {
      this.#ready.delete(key);
      const waiting = this.#byKey.get(key);
      if (waiting === undefined) continue;
      return { key, waiting, any: waiting.any.values(), typed: null };
    }
    return null;
  }

  #drop(entry: Entry): void {
    entry.isGone = true;
    if (entry.deadlineMs !== Number.POSITIVE_INFINITY) this.#deadlineGone();
    this.#entries.delete(entry.session);
    if (this.#entries.size === 0) this.#service = null;
    for (const key of entry.keys) {
      const waiting = this.#byKey.get(key);
      if (waiting === undefined) continue;
      waiting.delete(entry);
      if (!waiting.isEmpty) continue;
      this.#byKey.delete(key);
      this.#ready.delete(key);
      this.#keyspace.unwatch(key);
    }
  }

  #pushDeadline(entry: Entry): void {
    const heap = this.#deadlines;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.deadlineMs <= entry.deadlineMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** A client that is served over and over with an hour to wait must not leave an hour of entries. */
  #deadlineGone(): void {
    this.#goneDeadlines += 1;
    if (this.#goneDeadlines < GONE_DEADLINES_MAX) return;
    if (this.#goneDeadlines * 2 < this.#deadlines.length) return;
    const waiting = this.#deadlines.filter(({ isGone }) => !isGone);
    this.#deadlines = [];
    this.#goneDeadlines = 0;
    for (const entry of waiting) this.#pushDeadline(entry);
  }

  #dropGoneDeadlines(): void {
    while (this.#deadlines[0]?.isGone) {
      this.#goneDeadlines -= 1;
      this.#popDeadline();
    }
  }

  #popDeadline(): void {
    const heap = this.#deadlines;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && heap[right]!.deadlineMs < heap[child]!.deadlineMs) child = right;
      if (heap[child]!.deadlineMs >= last.deadlineMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i]);
}
