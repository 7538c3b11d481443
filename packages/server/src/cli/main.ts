/**
 * redoubt-server: one node as a process. Reads the configuration, makes sure the heap fits maxmemory,
 * starts the node, stops it on a signal. Every reason not to start is one line on stderr and exit code 1.
 */

import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import { beginTableCheck, type EarlyCheck } from "@redoubt/level-log/early-check";
import { int32Max } from "../config/constants.js";
import { processEnvironment, ServerConfig } from "../config/index.js";
import { type Logging, type ServerLogger, startLogging } from "../logging.js";
import { stopTimeoutMs } from "./constants.js";
import { heapMegabytesFor, maxmemoryBytesFor } from "./heap.js";
import { isRespawned, respawn, stopWithParent } from "./respawn.js";
import { usageText, versionText } from "./usage.js";

/** Runs the program; resolves when the process may end by itself (help, version, a respawned child ended). */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === "--help" || argv[0] === "-h") {
    process.stdout.write(usageText);
    return;
  }
  if (argv[0] === "--version" || argv[0] === "-v") {
    process.stdout.write(versionText);
    return;
  }
  let logger: ServerLogger | null = null;
  try {
    const environment = processEnvironment();
    const input: { text: string | null } = { text: null };
    const config = ServerConfig.parse(argv, (path) => readConfigText(path, input), environment);
    const heapMegabytes = heapMegabytesFor(config.maxmemoryBytes, environment.totalMemoryBytes);
    const limitBytes = getHeapStatistics().heap_size_limit;
    if (limitBytes < heapMegabytes * 1024 * 1024 && !isRespawned()) {
      process.exitCode = await respawn(heapMegabytes, input.text);
      return;
    }
    config.setMaxmemoryCeiling(Math.max(config.maxmemoryBytes, maxmemoryBytesFor(limitBytes)));
    // Everything else that a start needs is loaded meanwhile.
    const tableCheck = beginTableCheck(config.dir);
    const logging = startLogging(config);
    logger = logging.logger;
    await serve(config, logging, limitBytes, tableCheck);
  } catch (error) {
    refuseToStart(error, logger);
  }
}

function readConfigText(path: string, input: { text: string | null }): string {
  if (path !== "-") return readFileSync(path, "utf8");
  input.text ??= readFileSync(process.stdin.fd, "utf8");
  return input.text;
}

async function serve(
  config: ServerConfig,
  logging: Logging,
  heapLimitBytes: number,
  tableCheck: EarlyCheck | null,
): Promise<void> {
  const { logger } = logging;
  process.on("uncaughtException", (error) => die(logger, error, "uncaught exception"));
  process.on("unhandledRejection", (reason) => die(logger, reason, "unhandled rejection"));
  for (const warning of config.warnings) logger.warn({}, warning);
  // A signal may come while the node starts: it stops as soon as it has started, or has given up joining.
  const starting = new AbortController();
  let stopAsked: string | null = null;
  let stop: ((reason: string) => void) | null = null;
  const askStop = (reason: string): void => {
    if (stopAsked !== null) return;
    stopAsked = reason;
    starting.abort();
    stop?.(reason);
  };
  process.on("SIGTERM", () => askStop("SIGTERM"));
  process.on("SIGINT", () => askStop("SIGINT"));
  process.on("SIGHUP", () => logging.reopen());
  stopWithParent(() => askStop("the process that started this one is gone"));
  // Loaded only here: a process that only starts itself again stays small and is there at once.
  const { startNode } = await import("../node.js");
  const { seedKeyHashes } = await import("@redoubt/keyspace");
  seedKeyHashes(randomInt(2 ** 32));
  const { signal } = starting;
  const { bootstrap } = config;
  const node = await startNode(config, { bootstrap, logger, signal, tableCheck });
  logger.info(
    {
      maxmemory: config.maxmemoryBytes,
      maxmemoryText: `${Math.floor(config.maxmemoryBytes / (1024 * 1024))}mb`,
      heapLimit: heapLimitBytes,
    },
    "memory limits",
  );
  stop = (reason) => {
    const timeoutMs = Math.min(config.shutdownTimeoutSeconds * 1000 + stopTimeoutMs, int32Max);
    void stopGracefully(node, logger, reason, timeoutMs);
  };
  if (stopAsked !== null) stop(stopAsked);
}

async function stopGracefully(
  node: { stop(): Promise<void> },
  logger: ServerLogger,
  reason: string,
  timeoutMs: number,
): Promise<void> {
  logger.info({ reason }, "stopping");
  setTimeout(() => {
    logger.error({ timeoutMs }, "the graceful stop took too long, exiting");
    process.exit(1);
  }, timeoutMs).unref();
  try {
    await node.stop();
  } catch (error) {
    die(logger, error, "the graceful stop failed");
  }
  logger.info({}, "stopped");
  process.exit(0);
}

/** A state nobody has thought of: what is durable is safe, what is in memory is not to be trusted. */
function die(logger: ServerLogger, error: unknown, event: string): never {
  logger.fatal({ err: error instanceof Error ? error : new Error(String(error)) }, event);
  process.exit(1);
}

function refuseToStart(error: unknown, logger: ServerLogger | null): never {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNEXPECTED";
  if (code === "JOIN_STOPPED") {
    // As it was asked to: no more a failure than the stop of a node that serves.
    logger?.info({}, message);
    process.exit(0);
  }
  logger?.fatal({ err: error, code }, "cannot start");
  process.stderr.write(`redoubt-server: ${message.replaceAll("\n", " ")} (${code})\n`);
  process.exit(1);
}
