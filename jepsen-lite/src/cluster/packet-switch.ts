/** The packet switch (`shims/packet-switch.c`) as a child process: told rules, and heard to have them in force. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { builtShim } from "./build-shims.js";
import { ERROR_OUTPUT_BYTES_MAX } from "./constants.js";
import type { RuledLink } from "./link-network.js";

export class PacketSwitch {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<string, () => void>();
  #complaint = "";
  #next = 1;
  #lines = "";
  #over: Error | null = null;
  readonly #failed: Promise<never>;

  /** Resolves when every namespace has its device `peers`, still without an address. */
  static async start(seed: number, namespaceFiles: readonly string[]): Promise<PacketSwitch> {
    const binary = await builtShim("packet-switch");
    const packetSwitch = new PacketSwitch(binary, [String(seed), ...namespaceFiles]);
    await packetSwitch.#answer("ready");
    return packetSwitch;
  }

  private constructor(binary: string, args: readonly string[]) {
    this.#child = spawn(binary, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-ERROR_OUTPUT_BYTES_MAX);
    });
    this.#child.stdin.on("error", () => {});
    this.#failed = new Promise((_, reject) => {
      const end = (reason: string): void => {
        this.#over = new Error(`the packet switch ended: ${this.#complaint.trim() || reason}`);
        reject(this.#over);
      };
      this.#child.on("error", (error) => end(error.message));
      this.#child.on("close", (code, signal) => end(`by ${signal ?? code}`));
    });
    // Whoever asks it for something is told.
    this.#failed.catch(() => {});
  }

  async apply(links: readonly RuledLink[]): Promise<void> {
    if (this.#over !== null) throw this.#over;
    const number = this.#next++;
    const answer = this.#answer(`done ${number}`);
    this.#child.stdin.write(`${links.map(ruleLine).join("")}done ${number}\n`);
    await answer;
  }

  async stop(): Promise<void> {
    if (this.#over !== null) return;
    const closed = once(this.#child, "close");
    this.#child.stdin.end();
    await closed;
  }

  #answer(line: string): Promise<void> {
    const answered = new Promise<void>((resolve) => this.#waiting.set(line, resolve));
    return Promise.race([answered, this.#failed]);
  }

  #read(text: string): void {
    const lines = (this.#lines + text).split("\n");
    this.#lines = lines.pop() ?? "";
    for (const line of lines) {
      this.#waiting.get(line)?.();
      this.#waiting.delete(line);
    }
  }
}

/** Exported for its test: the switch's own words. */
export function ruleLine({ from, to, rule }: RuledLink): string {
  const { cut, loss, duplicate, reorder, delayMs, jitterMs, bitsPerSecond } = rule;
  const shares = [loss, duplicate, reorder].map((share) => share.toFixed(6)).join(" ");
  const delays = [delayMs, jitterMs].map((ms) => Math.round(ms * 1000)).join(" ");
  return `rule ${from} ${to} ${cut ? 1 : 0} ${shares} ${delays} ${Math.round(bitsPerSecond)}\n`;
}
