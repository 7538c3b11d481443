/**
 * Operating errors of the durable log. Each has a stable `code`; none is ever repaired or retried
 * here: the host stops, or takes the node into quarantine.
 */

export type LogErrorCode =
  | "ALREADY_INITIALISED"
  | "DATA_MISSING"
  | "ENCRYPTION_KEY_MISSING"
  | "ENCRYPTION_KEY_WRONG"
  | "LOG_DAMAGED"
  | "IDENTITY_MISMATCH"
  | "NOT_ENCRYPTED"
  | "STORE_LOCKED"
  | "STORE_UNAVAILABLE"
  | "WRITE_FAILED";

abstract class LogError extends Error {
  abstract readonly code: LogErrorCode;
}

/** Bootstrap found a log. A node is born once. */
export class AlreadyInitialisedError extends LogError {
  readonly code = "ALREADY_INITIALISED";
  override readonly name = "AlreadyInitialisedError";
}

/** There is no log, or its identity or its store is gone as a whole: the node may have forgotten a vote. */
export class DataMissingError extends LogError {
  readonly code = "DATA_MISSING";
  override readonly name = "DataMissingError";
}

/** What is there is not what was acknowledged. `what` was found `where`. */
export class LogDamagedError extends LogError {
  readonly code = "LOG_DAMAGED";
  override readonly name = "LogDamagedError";
  readonly what: string;
  readonly where: string;

  constructor(what: string, where: string, options?: ErrorOptions) {
    super(`log damaged: ${what} (${where})`, options);
    this.what = what;
    this.where = where;
  }
}

/** The directory belongs to another cluster, another node, or another format version. */
export class IdentityMismatchError extends LogError {
  readonly code = "IDENTITY_MISMATCH";
  override readonly name = "IdentityMismatchError";
}

/** The directory is encrypted, and no key was given. */
export class EncryptionKeyMissingError extends LogError {
  readonly code = "ENCRYPTION_KEY_MISSING";
  override readonly name = "EncryptionKeyMissingError";
}

/** None of the keys that were given opens the directory's own. Nothing is damaged. */
export class EncryptionKeyWrongError extends LogError {
  readonly code = "ENCRYPTION_KEY_WRONG";
  override readonly name = "EncryptionKeyWrongError";
}

/** A key was given for a directory that was born without encryption. */
export class NotEncryptedError extends LogError {
  readonly code = "NOT_ENCRYPTED";
  override readonly name = "NotEncryptedError";
}

/** Another process (or another log of this process) has the store open. */
export class StoreLockedError extends LogError {
  readonly code = "STORE_LOCKED";
  override readonly name = "StoreLockedError";
}

/**
 * The store could not be read for a reason that says nothing about its contents (permissions, too many
 * open files, a disk that refuses to read): not damage, so not a reason for quarantine by itself.
 */
export class StoreUnavailableError extends LogError {
  readonly code = "STORE_UNAVAILABLE";
  override readonly name = "StoreUnavailableError";
}

/** A write or sync failed, disk full included. What is on disk is unknown: stop, never retry. */
export class WriteFailedError extends LogError {
  readonly code = "WRITE_FAILED";
  override readonly name = "WriteFailedError";
}

/** The errno-like code of an unknown error ("ENOENT", "LEVEL_LOCKED"), or "". */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
