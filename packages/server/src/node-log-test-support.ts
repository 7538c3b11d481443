/** For tests of what a start does with a log that is there: a member's directory, and how it is opened. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerConfig } from "./config/index.js";
import { collectingLogger, freePorts } from "./gateway/test-support.js";
import { type OpenedNodeLog, openNodeLog } from "./node-log.js";

const directories: string[] = [];

export function removeMembers(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
}

export interface TestMember {
  readonly directory: string;
  /** Its log as its birth left it, open. */
  readonly log: OpenedNodeLog["log"];
  /** Its next starts. */
  open(): Promise<OpenedNodeLog>;
  /** Ends what a start waits for. */
  readonly stopping: AbortController;
  readonly lines: { level: string; event: string; fields: object }[];
}

/** Of two, the other of which is not there. `extra`: options. */
export async function bornMember(extra: readonly string[] = []): Promise<TestMember> {
  const directory = mkdtempSync(join(tmpdir(), "redoubt-member-"));
  directories.push(directory);
  const ports = await freePorts(2);
  const peers = ports.map((port, at) => `${at + 1}@127.0.0.1:${port}`).join(" ");
  const words = ["--cluster-id", "c", "--dir", directory, "--node-id", "1", "--peers", peers];
  const config = ServerConfig.parse([...words, ...extra], () => "");
  const stopping = new AbortController();
  const lines: TestMember["lines"] = [];
  const open = (bootstrap: boolean) =>
    openNodeLog(config, {
      bootstrap,
      fatal: (error) => {
        throw error;
      },
      logger: collectingLogger(lines),
      signal: stopping.signal,
      tableCheck: null,
    });
  const { log } = await open(true);
  return { directory, log, open: () => open(false), stopping, lines };
}
