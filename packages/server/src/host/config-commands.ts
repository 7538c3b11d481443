/** CONFIG: the settings are ServerConfig's; here is only how clients read and change them. */

import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { wrongArity } from "@redoubt/commands";
import { replyHelp } from "./help.js";
import type { HostHandler } from "./services.js";

/** CONFIG GET pattern [pattern ...] */
export const configGet: HostHandler = ({ config }, session, argv) => {
  const found = new Map<string, string>();
  for (let i = 2; i < argv.length; i++) {
    for (const [name, value] of config.match(argv[i]!.toString("latin1"))) found.set(name, value);
  }
  const { reply } = session;
  reply.map(found.size);
  for (const [name, value] of found) {
    reply.bulk(name);
    reply.bulkUtf8(value);
  }
};

/** CONFIG SET name value [name value ...]: all of them or none. */
export const configSet: HostHandler = ({ config }, session, argv) => {
  const { reply } = session;
  if (argv.length % 2 !== 0) return reply.error(wrongArity("config|set"));
  const pairs: [string, string][] = [];
  for (let i = 2; i < argv.length; i += 2) {
    pairs.push([argv[i]!.toString("latin1"), argv[i + 1]!.toString("utf8")]);
  }
  const refusal = config.setAll(pairs);
  if (refusal === null) reply.ok();
  else reply.error(refusal);
};

export const configResetStat: HostHandler = ({ gateway, meter, replica }, session) => {
  gateway.resetStats();
  meter.reset();
  replica().resetCounters();
  session.reply.ok();
};

/** CONFIG REWRITE: the file is replaced whole, or not at all. */
export const configRewrite: HostHandler = ({ config }, session) => {
  const { reply } = session;
  if (config.file === null || config.file === "-") {
    return reply.error("ERR The server is running without a config file");
  }
  try {
    replaceFile(config.file, config.rewritten(readFileSync(config.file, "utf8")));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reply.error(`ERR Rewriting config file: ${reason}`);
  }
  reply.ok();
};

export const configHelp: HostHandler = (_services, session) =>
  replyHelp(session.reply, "CONFIG", [
    ["GET <pattern> [<pattern> ...]", "Settings whose names match, with their values."],
    ["SET <directive> <value> [<directive> <value> ...]", "Changes settings, all or none."],
    ["RESETSTAT", "Sets the counters of INFO to zero."],
    ["REWRITE", "Writes what was changed to the configuration file."],
  ]);

function replaceFile(path: string, text: string): void {
  const temporary = `${path}.rewrite-${process.pid}`;
  const file = openSync(temporary, "w", statSync(path).mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
