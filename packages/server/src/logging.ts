/**
 * Log lines of the process: JSON by pino, to standard output or `logfile`; readable text on a terminal.
 * Written synchronously: log lines are few, and the one that explains an exit must be out before it.
 */

import type { Logger } from "@redoubt/replica";
import { destination, type LevelWithSilent, pino } from "pino";
import { build as prettyStream } from "pino-pretty";
import type { ServerConfig } from "./config/index.js";

export interface ServerLogger extends Logger {
  /** The process stops because of this. */
  fatal(fields: object, event: string): void;
}

export interface Logging {
  readonly logger: ServerLogger;
  /** Opens `logfile` again, after it was moved away. */
  reopen(): void;
}

/** `verbose` and `notice` differ in Redis by chatter that Redoubt logs as debug or not at all. */
const levels = {
  debug: "debug",
  verbose: "info",
  notice: "info",
  warning: "warn",
} as const satisfies Record<ServerConfig["loglevel"], LevelWithSilent>;

/** Bytes kept when the log cannot be written (disk full, reader gone). More are dropped: data comes first. */
const unwrittenBytesMax = 1024 * 1024;

/** Logs as `config` says, and goes on following CONFIG SET loglevel. Throws when `logfile` cannot be opened. */
export function startLogging(config: ServerConfig): Logging {
  const file = config.logfilePath;
  const target = destination({
    dest: file ?? process.stdout.fd,
    sync: true,
    append: true,
    maxLength: unwrittenBytesMax,
  });
  let reported = false;
  target.on("error", (error: Error) => {
    // A log that cannot be written must not take the data down; said once, where somebody may see it.
    if (!reported) process.stderr.write(`redoubt-server: cannot write the log: ${error.message}\n`);
    reported = true;
  });
  const readable = file === null && process.stdout.isTTY === true;
  const stream = readable
    ? prettyStream({ destination: target, colorize: true, sync: true, ignore: "pid,hostname,node" })
    : target;
  const logger = pino(
    {
      level: levels[config.loglevel],
      base: { node: config.nodeId, pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  config.onChange("loglevel", () => {
    logger.level = levels[config.loglevel];
  });
  return {
    logger,
    reopen: () => {
      if (file !== null) target.reopen();
    },
  };
}
