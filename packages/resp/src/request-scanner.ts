/**
 * Finds where a request ends and checks its headers, without touching the arguments: what passes here
 * is safe for redis-parser. Scanning stops where the bytes stop and goes on there when more have come, so
 * no byte is looked at twice, however slowly a request arrives.
 *
 *   unread --"*n"--> n arguments left --"$m"--> body awaited --m bytes, CRLF--> n - 1 left ... --> whole
 *   unread --other--> inline
 */
import { unauthenticatedArgumentsMax, unauthenticatedBulkBytesMax } from "./constants.js";
import { expectedBulk, protocolErrors } from "./protocol-errors.js";

/** Limits of one server. Fields may change while connections are open (CONFIG SET). */
export interface DecoderLimits {
  /** Elements of one request. */
  readonly multibulkMax: number;
  /** Bytes of one argument: proto-max-bulk-len. */
  bulkBytesMax: number;
  /** Bytes of an inline command or of a header line. */
  readonly inlineBytesMax: number;
}

/** How a scan ended. */
export const Scan = {
  /** The bytes stop before the request does. */
  incomplete: 0,
  /** An array of bulk strings, all there. */
  whole: 1,
  /** An empty or negative array: Redis passes over it without a reply. */
  ignored: 2,
  /** A line that does not start with '*', all there: [lineStart, lineEnd). */
  inline: 3,
  /** Against the protocol: `failure`. */
  failed: 4,
} as const;
export type Scan = (typeof Scan)[keyof typeof Scan];

const none = -1;
/** Results of readLength that are no length. */
const lineIncomplete = -1;
const lineInvalid = -2;
const lineNegative = -3;
const lineTooLong = -4;

const asterisk = 0x2a;
const dollar = 0x24;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const digitZero = 0x30;
const digitNine = 0x39;
/** Digits read without further thought: a length that fits 53 bits many times over. */
const fastDigits = 12;
/** The longest 64-bit integer, "-9223372036854775808": longer lines are no number. */
const integerCharactersMax = 20;

export class RequestScanner {
  /** Redis's limits for strangers apply while false. */
  authenticated = false;
  /** Index of the next byte to look at: a line's start or, with a body awaited, the body's. After `whole`, `ignored` and `inline`: the request's end. */
  position = 0;
  lineStart = 0;
  lineEnd = 0;
  failure = "";
  private readonly limits: DecoderLimits;
  /** `none`: the request's first byte has not been understood yet. */
  private argumentsLeft = none;
  /** Index after the awaited body, or `none`. */
  private bodyEnd = none;
  /** The current line has no end before this index. Never behind a NUL: see findInLine. */
  private lineSearched = 0;

  constructor(limits: DecoderLimits) {
    this.limits = limits;
  }

  /** A request starts at `position`. */
  begin(position: number): void {
    this.position = position;
    this.lineSearched = position;
    this.argumentsLeft = none;
    this.bodyEnd = none;
  }

  /** The bytes were moved: what was at `offset` is at 0 now. */
  moved(offset: number): void {
    this.position -= offset;
    this.lineSearched -= offset;
    if (this.bodyEnd !== none) this.bodyEnd -= offset;
  }

  /** Index the bytes must reach before a scan can get further; 0: unknown, a line is awaited. */
  get awaited(): number {
    return this.bodyEnd === none ? 0 : this.bodyEnd + 2;
  }

  /** Nothing of the request follows `awaited`. */
  get lastBody(): boolean {
    return this.bodyEnd !== none && this.argumentsLeft === 1;
  }

  /** Goes on from `position`. Bytes at and behind `limit` are not valid. */
  scan(bytes: Buffer, limit: number): Scan {
    if (this.argumentsLeft === none) {
      if (this.position >= limit) return Scan.incomplete;
      if (bytes[this.position] !== asterisk) return this.scanInline(bytes, limit);
      const count = this.readLength(bytes, limit);
      if (count <= 0 || count > this.argumentsMax()) return this.refuseCount(count);
      this.argumentsLeft = count;
    }
    const bulkBytesMax = this.bulkBytesMax();
    while (this.argumentsLeft > 0) {
      if (this.bodyEnd === none) {
        const first = this.position;
        const length = this.readLength(bytes, limit);
        if (length === lineIncomplete) return Scan.incomplete;
        if (length === lineTooLong) return this.fail(protocolErrors.bulkHeaderTooBig);
        if (bytes[first] !== dollar) return this.fail(expectedBulk(bytes[first]!));
        if (length < 0 || length > bulkBytesMax) return this.refuseBulk(length);
        this.bodyEnd = this.position + length;
      }
      const end = this.bodyEnd;
      if (end + 2 > limit) return Scan.incomplete;
      if (bytes[end] !== carriageReturn || bytes[end + 1] !== lineFeed) {
        return this.fail(protocolErrors.bulkEnd);
      }
      this.position = end + 2;
      this.bodyEnd = none;
      this.argumentsLeft--;
    }
    return Scan.whole;
  }

  private argumentsMax(): number {
    if (this.authenticated) return this.limits.multibulkMax;
    return Math.min(this.limits.multibulkMax, unauthenticatedArgumentsMax);
  }

  private bulkBytesMax(): number {
    if (this.authenticated) return this.limits.bulkBytesMax;
    return Math.min(this.limits.bulkBytesMax, unauthenticatedBulkBytesMax);
  }

  private refuseCount(count: number): Scan {
    if (count === lineIncomplete) return Scan.incomplete;
    if (count === 0 || count === lineNegative) return Scan.ignored;
    if (count === lineTooLong) return this.fail(protocolErrors.multibulkHeaderTooBig);
    if (count === lineInvalid || count > this.limits.multibulkMax) {
      return this.fail(protocolErrors.multibulkLength);
    }
    return this.fail(protocolErrors.unauthenticatedMultibulkLength);
  }

  private refuseBulk(length: number): Scan {
    if (length < 0 || length > this.limits.bulkBytesMax) {
      return this.fail(protocolErrors.bulkLength);
    }
    return this.fail(protocolErrors.unauthenticatedBulkLength);
  }

  private fail(text: string): Scan {
    this.failure = text;
    return Scan.failed;
  }

  private scanInline(bytes: Buffer, limit: number): Scan {
    const end = this.findInLine(bytes, limit, lineFeed);
    if (end === lineIncomplete) return Scan.incomplete;
    if (end === lineTooLong) return this.fail(protocolErrors.inlineTooBig);
    this.lineStart = this.position;
    const crlf = end > this.position && bytes[end - 1] === carriageReturn;
    this.lineEnd = crlf ? end - 1 : end;
    this.position = end + 1;
    return Scan.inline;
  }

  /**
   * The number of the header line at `position`, which then is behind the line; else one of the `line...`
   * codes. As in Redis the byte behind CR is not looked at.
   */
  private readLength(bytes: Buffer, limit: number): number {
    let at = this.position + 1;
    let c = bytes[at]!;
    let value = 0;
    // A leading zero is refused unless it stands alone: left to the slow way.
    if (c > digitZero && c <= digitNine) {
      const end = at + fastDigits;
      do {
        value = value * 10 + (c - digitZero);
        c = bytes[++at]!;
      } while (c >= digitZero && c <= digitNine && at < end);
      // The last byte read is inside the limit, so all were.
      if (c === carriageReturn && at + 1 < limit) {
        this.position = at + 2;
        return value;
      }
    } else if (c === digitZero && bytes[at + 1] === carriageReturn && at + 2 < limit) {
      this.position = at + 3;
      return 0;
    }
    return this.readLengthSlowly(bytes, limit);
  }

  private readLengthSlowly(bytes: Buffer, limit: number): number {
    const end = this.findInLine(bytes, limit, carriageReturn);
    if (end < 0) return end;
    if (end + 1 >= limit) return lineIncomplete;
    const first = this.position + 1;
    this.position = end + 2;
    if (end <= first || end - first > integerCharactersMax) return lineInvalid;
    return parseInteger(bytes.toString("latin1", first, end));
  }

  /**
   * Index of `terminator` in the line at `position`. A NUL hides everything behind it, as it does from
   * Redis's strchr: such a line has no end and gets too long sooner or later. The limit holds for whole
   * lines too. Differs from Redis: there it depends on how the bytes were cut.
   */
  private findInLine(bytes: Buffer, limit: number, terminator: number): number {
    const first = this.position;
    const stop = Math.min(limit, first + this.limits.inlineBytesMax + 1);
    let at = Math.max(this.lineSearched, first);
    while (at < stop) {
      const c = bytes[at];
      if (c === terminator) {
        this.lineSearched = at;
        return at;
      }
      if (c === 0) break;
      at++;
    }
    this.lineSearched = at;
    return limit - first > this.limits.inlineBytesMax ? lineTooLong : lineIncomplete;
  }
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** As Redis's string2ll reads it: no sign but '-', no leading zeros, no spaces, 64 bits. */
function parseInteger(text: string): number {
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return lineInvalid;
  const value = BigInt(text);
  if (value < int64Min || value > int64Max) return lineInvalid;
  return value < 0n ? lineNegative : Number(value);
}
