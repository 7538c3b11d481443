/** Programs of the system that are run to their end: ip, mount, gcc... */

import { spawn } from "node:child_process";
import { ERROR_OUTPUT_BYTES_MAX, TOOL_TIMEOUT_MS } from "./constants.js";

/** A program could not be run, did not end in time, or ended with another code than 0. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

export interface ToolOptions {
  /** Given as standard input. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** What it printed. Rejects with ToolError, which has its last words. */
export function tool(
  command: string,
  args: readonly string[],
  { input = "", timeoutMs = TOOL_TIMEOUT_MS }: ToolOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], timeout: timeoutMs });
    let printed = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-ERROR_OUTPUT_BYTES_MAX);
    });
    const shown = [command, ...args].join(" ");
    // A program that ended before it read everything says so by its code.
    child.stdin.on("error", () => {});
    child.on("error", (error) => reject(new ToolError(`${shown}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(printed);
      else reject(new ToolError(`${shown}: ${complaint.trim() || `ended by ${signal ?? code}`}`));
    });
    child.stdin.end(input);
  });
}

/** null when it works, else why not, in one line. */
export async function complaintOf(act: () => Promise<unknown>): Promise<string | null> {
  try {
    await act();
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.split("\n").at(-1) ?? text;
  }
}
