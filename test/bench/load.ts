/** Requests by the million: encoded here, sent by redis-cli --pipe, which counts the replies. */

import { spawn } from "node:child_process";
import { once } from "node:events";

/** Characters handed to the pipe at a time. */
const CHUNK_CHARACTERS = 256 * 1024;
/** Characters of redis-cli's words, from the end, that an error shows: it repeats every refusal. */
const TOLD_CHARACTERS = 300;
/** Elements of one variadic command that `repeated` makes. */
const ELEMENTS_PER_COMMAND = 100;

/**
 * Sends the commands (one-byte characters) to the port, one pipeline, and waits for every reply. Fails when
 * one of them is an error.
 */
export async function load(port: number, commands: Iterable<readonly string[]>): Promise<void> {
  const child = spawn("redis-cli", ["-p", String(port), "--pipe"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  // A child that ends early breaks the pipe: its exit below tells why.
  child.stdin.on("error", () => undefined);
  const closed = once(child, "close");
  let chunk = "";
  for (const argv of commands) {
    chunk += encode(argv);
    if (chunk.length < CHUNK_CHARACTERS) continue;
    const room = child.stdin.write(chunk, "latin1");
    chunk = "";
    if (!room) await Promise.race([once(child.stdin, "drain"), closed]);
  }
  child.stdin.end(chunk, "latin1");
  await closed;
  if (child.exitCode !== 0 || !/errors: 0,/.test(output)) {
    throw new Error(`loading port ${port} failed: ${output.trim().slice(-TOLD_CHARACTERS)}`);
  }
}

/** `command` again and again with some elements each, `count` elements in all. */
export function* repeated(
  count: number,
  command: readonly string[],
  element: (i: number) => readonly string[],
): Iterable<readonly string[]> {
  for (let first = 0; first < count; first += ELEMENTS_PER_COMMAND) {
    const argv = [...command];
    const end = Math.min(count, first + ELEMENTS_PER_COMMAND);
    for (let i = first; i < end; i++) argv.push(...element(i));
    yield argv;
  }
}

/** As redis-benchmark writes numbers into names: twelve digits. */
export function padded(i: number): string {
  return String(i).padStart(12, "0");
}

function encode(argv: readonly string[]): string {
  let text = `*${argv.length}\r\n`;
  for (const word of argv) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}
