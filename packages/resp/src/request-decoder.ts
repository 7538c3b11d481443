/**
 * From the bytes of one connection to its requests. Expects anything: no input makes it throw, and what an
 * incomplete request may keep is bounded by what was sent, a line by `inlineBytesMax`.
 *
 *   chunk --scanner--> whole requests in a row --redis-parser--> argv, views of the chunk
 *                 \--> inline line --> argv
 *                 \--> cut off at the chunk's end --> pending --(next chunks)--> whole --> argv, views of pending
 *
 * Arguments are views, valid for the turn in which they were handed out, and keep their whole chunk in
 * memory: what outlives the turn is copied by whoever keeps it.
 */
import { appendStepBytes } from "./constants.js";
import { assert } from "./errors.js";
import { GrowableBytes } from "./growable-bytes.js";
import { splitInline } from "./inline-request.js";
import { protocolErrors } from "./protocol-errors.js";
import { type DecoderLimits, RequestScanner, Scan } from "./request-scanner.js";
import { parseWholeRequests } from "./whole-requests.js";

export interface DecoderEvents {
  /** A whole request, at least one argument. */
  request(argv: Buffer[]): void;
  /** Redis's exact text. Nothing follows it; the connection is closed after the reply. */
  protocolError(text: string): void;
}

export class RequestDecoder {
  private readonly events: DecoderEvents;
  private readonly scanner: RequestScanner;
  /** The beginning of a request whose end has not arrived. */
  private readonly pending = new GrowableBytes();
  /** After a protocol error nothing can be understood any more. */
  private dead = false;
  private running = false;

  constructor(limits: DecoderLimits, events: DecoderEvents) {
    this.events = events;
    this.scanner = new RequestScanner(limits);
  }

  /** False: at most 10 arguments of 16 KiB. May be set from within `request`; holds from the next request on. */
  get authenticated(): boolean {
    return this.scanner.authenticated;
  }

  set authenticated(value: boolean) {
    this.scanner.authenticated = value;
  }

  /** Bytes kept for an incomplete request. */
  get pendingBytes(): number {
    return this.pending.length;
  }

  /** Never throws for what is in `chunk`; an exception of `events` passes through. Not to be called from `events`. */
  push(chunk: Buffer): void {
    assert(!this.running, "push is called neither from its events nor after one of them threw");
    this.running = true;
    let position = 0;
    while (position < chunk.length && !this.dead) {
      position =
        this.pending.length === 0 ? this.decode(chunk, position) : this.resume(chunk, position);
    }
    this.running = false;
  }

  /** Hands out the whole requests from `position` on, as many as stand in a row; returns where to go on. */
  private decode(chunk: Buffer, position: number): number {
    const scanner = this.scanner;
    const limit = chunk.length;
    let end = position;
    let count = 0;
    let scan: Scan = Scan.whole;
    while (end < limit) {
      scanner.begin(end);
      scan = scanner.scan(chunk, limit);
      if (scan !== Scan.whole) break;
      end = scanner.position;
      count++;
      // The request may be AUTH, and the next one allowed only after it.
      if (!scanner.authenticated) break;
    }
    if (count > 0) {
      // What follows is scanned again after the events: they may change limits.
      this.deliver(chunk.subarray(position, end), count);
      return end;
    }
    if (scan !== Scan.incomplete) return this.finish(scan, chunk);
    this.keep(chunk, end, limit);
    scanner.moved(end);
    return limit;
  }

  /** Goes on with the pending request; returns where the chunk's next request starts. */
  private resume(chunk: Buffer, position: number): number {
    const scanner = this.scanner;
    const pending = this.pending;
    let taken = position;
    while (taken < chunk.length) {
      const missing = Math.max(scanner.awaited - pending.length, 0);
      const step = scanner.lastBody ? missing : Math.max(missing, pending.length, appendStepBytes);
      const next = Math.min(taken + step, chunk.length);
      if (!this.keep(chunk, taken, next)) return chunk.length;
      taken = next;
      const scan = scanner.scan(pending.bytes, pending.length);
      if (scan === Scan.incomplete) continue;
      // What was taken of the requests behind it is decoded from the chunk.
      const end = scanner.position;
      const following = taken - (pending.length - end);
      const bytes = pending.bytes;
      pending.clear();
      if (scan === Scan.whole) this.deliver(bytes.subarray(0, end), 1);
      else this.finish(scan, bytes);
      return following;
    }
    return taken;
  }

  private keep(chunk: Buffer, from: number, to: number): boolean {
    if (this.pending.append(chunk, from, to, this.scanner.awaited)) return true;
    this.fail(protocolErrors.refused);
    return false;
  }

  private deliver(bytes: Buffer, count: number): void {
    const requests = parseWholeRequests(bytes, count);
    if (requests === null) {
      this.fail(protocolErrors.refused);
      return;
    }
    for (const argv of requests) this.events.request(argv);
  }

  /** A scan that ended in something else than an array; returns the index behind it. */
  private finish(scan: Scan, bytes: Buffer): number {
    const scanner = this.scanner;
    const end = scanner.position;
    if (scan === Scan.failed) {
      this.fail(scanner.failure);
    } else if (scan === Scan.inline) {
      const argv = splitInline(bytes.subarray(scanner.lineStart, scanner.lineEnd));
      if (argv === null) this.fail(protocolErrors.unbalancedQuotes);
      else if (argv.length > 0) this.events.request(argv);
    }
    return end;
  }

  private fail(text: string): void {
    this.dead = true;
    this.pending.clear();
    this.events.protocolError(text);
  }
}
