/** What a subcommand of `redoubt` sees of the process it runs in, and how it ends. */

import type { LogErrorCode } from "@redoubt/level-log";
import type { CarryErrorCode } from "../carry/errors.js";

/** 0 done, 1 refused or failed, 2 wrong use, 3 nobody knows yet whether it was done. */
export const ExitCode = { ok: 0, failed: 1, usage: 2, unknown: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface Terminal {
  /** One line of the answer. */
  out(line: string): void;
  /** One line about it: errors, warnings. */
  err(line: string): void;
  /** Replaces the line that was shown before; "" clears it. Nothing happens where nobody watches. */
  progress(line: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Subcommand {
  /** Without the program's name: one line a form. */
  readonly usage: readonly string[];
  readonly summary: string;
  /** `argv` begins behind the subcommand's name. Reasons to end early are thrown as `CliError`. */
  run(argv: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

export type CliErrorCode =
  | LogErrorCode
  | CarryErrorCode
  | "CONFIG_INVALID"
  | "DIRECTORY_UNUSABLE"
  | "USAGE"
  | "UNREACHABLE"
  | "NO_LEADER"
  | "REFUSED"
  | "ERROR_REPLY"
  | "NOT_UNDERSTOOD"
  | "GIVEN_UP"
  | "INDETERMINATE"
  | "TIMEOUT";

/** Ends the program with one line and an exit code. */
export class CliError extends Error {
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CliError";
    this.code = code;
  }

  get exitCode(): ExitCode {
    if (this.code === "USAGE") return ExitCode.usage;
    const unknown = this.code === "INDETERMINATE" || this.code === "TIMEOUT";
    return unknown ? ExitCode.unknown : ExitCode.failed;
  }
}

export function usageError(message: string): CliError {
  return new CliError("USAGE", message);
}

export function processTerminal(): Terminal {
  // Whoever read the answer has seen enough (head, grep -q): no reason to leave a change half waited for.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const watched = process.stderr.isTTY === true;
  let shown = 0;
  const clear = (): void => {
    if (shown > 0) process.stderr.write(`\r${" ".repeat(shown)}\r`);
    shown = 0;
  };
  return {
    out: (line) => {
      clear();
      process.stdout.write(`${line}\n`);
    },
    err: (line) => {
      clear();
      process.stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!watched) return;
      clear();
      process.stderr.write(line);
      shown = line.length;
    },
    environment: process.env,
  };
}
