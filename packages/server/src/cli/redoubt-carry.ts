/** What the subcommands that carry data share: their errors, their numbers and their files. */

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { CarryError } from "../carry/errors.js";
import type { Progress } from "../carry/import-check.js";
import { formatAddress } from "../gateway/address.js";
import { progressLineIntervalMs } from "./redoubt-constants.js";
import type { ParsedCommand } from "./redoubt-options.js";
import { CliError, type Terminal } from "./redoubt-terminal.js";

/** Errors of `carry`, of the log and of the system, as the command line ends with them. */
export function asCliError(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  if (error instanceof CarryError) return new CliError(error.code, error.message, error);
  if ("syscall" in error) return new CliError("DIRECTORY_UNUSABLE", error.message, error);
  const code = "code" in error ? error.code : undefined;
  if (isLogCode(code)) return new CliError(code, error.message, error);
  return error;
}

const logCodes = [
  "ALREADY_INITIALISED",
  "DATA_MISSING",
  "ENCRYPTION_KEY_MISSING",
  "ENCRYPTION_KEY_WRONG",
  "NOT_ENCRYPTED",
  "LOG_DAMAGED",
  "IDENTITY_MISMATCH",
  "STORE_LOCKED",
  "STORE_UNAVAILABLE",
  "WRITE_FAILED",
] as const;

function isLogCode(code: unknown): code is (typeof logCodes)[number] {
  return (logCodes as readonly unknown[]).includes(code);
}

export function addressOf({ target }: ParsedCommand): string {
  return formatAddress(target.host, target.port);
}

/** A few lines a second: what, how many keys, how many bytes, which share. */
export class ProgressLines {
  readonly #terminal: Terminal;
  #nextMs = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  keys(what: string, { keys, keysTotal, bytes, bytesTotal }: Progress): void {
    const of = keysTotal === null ? "" : ` of ${keysTotal}`;
    this.#line(`${what}: ${keys}${of} keys, ${megabytes(bytes)} MB${share(bytes, bytesTotal)}`);
  }

  bytes(what: string, bytes: number, bytesTotal: number | null): void {
    this.#line(
      `${what}: ${megabytes(bytes)} MB${bytesTotal === null ? "" : share(bytes, bytesTotal)}`,
    );
  }

  end(): void {
    this.#terminal.progress("");
  }

  #line(line: string): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + progressLineIntervalMs;
    this.#terminal.progress(line);
  }
}

function share(bytes: number, bytesTotal: number): string {
  return bytesTotal === 0 ? "" : `, ${Math.floor((100 * bytes) / bytesTotal)} %`;
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** A name of nobody's in that directory; the file is gone when `act` has ended, however it ended. */
export async function withTemporaryFile<T>(
  directory: string,
  act: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(directory, `.redoubt-${randomBytes(8).toString("hex")}.tmp`);
  try {
    return await act(path);
  } finally {
    rmSync(path, { force: true });
  }
}
