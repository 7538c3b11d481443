/** Operating errors of carrying data in and out. Codes are stable, lines are for operators. */

export type CarryErrorCode =
  /** The other side can't be reached, or stopped answering. */
  | "UNREACHABLE"
  /** It answered, and what it said ends the work. */
  | "ERROR_REPLY"
  /** What answered does not speak as a Redis server, or this version of Redoubt, does. */
  | "NOT_UNDERSTOOD"
  | "NO_LEADER"
  /** A file, dump or backup is not what was written. */
  | "DAMAGED"
  /** It holds what has no home here; nothing was changed. */
  | "UNSUPPORTED"
  /** Nothing was changed. */
  | "REFUSED"
  /** What was asked for is not kept any more (trimmed, replaced). */
  | "GONE"
  /** What is there now is not what was carried. */
  | "DIFFERS";

export class CarryError extends Error {
  override readonly name = "CarryError";
  readonly code: CarryErrorCode;

  constructor(code: CarryErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
