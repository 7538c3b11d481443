/** A cluster of one, in this process: for what needs connections and a log, not only rows. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerConfig, startNode } from "@redoubt/server";
import { freePort } from "./redis-server.js";

export interface RedoubtNode {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startRedoubt(): Promise<RedoubtNode> {
  const directory = mkdtempSync(join(tmpdir(), "redoubt-conformance-"));
  const [port, peerPort] = [await freePort(), await freePort()];
  const config = ServerConfig.parse(
    [
      ...["--cluster-id", "test", "--bootstrap", "yes", "--node-id", "1", "--dir", directory],
      ...["--peers", `1@127.0.0.1:${peerPort}`, "--port", String(port), "--bind", "127.0.0.1"],
      ...["--election-timeout", "200", "--heartbeat-interval", "20"],
    ],
    () => "",
  );
  const nothing = (): void => {};
  const node = await startNode(config, {
    bootstrap: true,
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing },
    onShutdown: nothing,
  });
  while (!node.replica.serving) await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    port,
    stop: async () => {
      await node.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
