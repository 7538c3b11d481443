/** Operating errors of this package. */

export type RdbErrorCode = "RDB_DAMAGED" | "RDB_UNSUPPORTED";

/** An RDB that can't be read: it is damaged, or holds what has no home here. */
export class RdbError extends Error {
  readonly code: RdbErrorCode;
  /** What it is about, by name. */
  readonly what: string;
  /** Of the file: bytes before it, or before what it is in. */
  readonly offset: number;

  constructor(code: RdbErrorCode, what: string, offset: number) {
    super(
      code === "RDB_DAMAGED"
        ? `The RDB is damaged at byte ${offset}: ${what}.`
        : `The RDB holds what can't be kept here, at byte ${offset}: ${what}.`,
    );
    this.name = "RdbError";
    this.code = code;
    this.what = what;
    this.offset = offset;
  }
}
