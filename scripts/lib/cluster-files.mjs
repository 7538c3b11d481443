/**
 * A local cluster's directory:
 *
 *   DIR/node-N/redoubt.conf   written at birth, edits are kept; --set replaces the lines it names
 *   DIR/node-N/data/          the durable log
 *   DIR/node-N/redoubt.log    log lines
 *   DIR/node-N/redoubt.pid    while the node runs
 */

import { randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ServerConfig } from "../../packages/server/dist/config/index.js";
import { peerPortOffset } from "./options.mjs";

const host = "127.0.0.1";

export function nodeDirectory(directory, id) {
  return join(directory, `node-${id}`);
}

export function configPath(directory, id) {
  return join(nodeDirectory(directory, id), "redoubt.conf");
}

/** Why `directory` cannot be used; null: it can, though it may have to be created. */
export function directoryRefusal(directory) {
  let existing = resolve(directory);
  while (!existsSync(existing)) existing = dirname(existing);
  if (!statSync(existing).isDirectory())
    return `cannot use ${directory}: ${existing} is not a directory`;
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch {
    return `cannot use ${directory}: no permission to write in ${existing}`;
  }
  return null;
}

/** Ids that have a directory, ascending. */
export function existingNodes(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .map((name) => /^node-([1-9]\d*)$/.exec(name)?.[1])
    .filter((id) => id !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Parsed configuration of a node of this cluster; null: it has no file. Throws ConfigError. */
export function readConfig(directory, id) {
  const path = configPath(directory, id);
  if (!existsSync(path)) return null;
  return ServerConfig.parse([path], (each) => readFileSync(each, "utf8"));
}

/** What a cluster born now would be. */
export function newCluster(options) {
  const base = options.basePort ?? 7001;
  const count = options.nodes ?? 3;
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  return {
    clusterId: randomUUID(),
    ids,
    peers: ids.map((id) => `${id}@${host}:${base + id - 1 + peerPortOffset}`).join(" "),
    portOf: (id) => base + id - 1,
  };
}

/** What the existing nodes say their cluster is; an error text when they say nothing usable. */
export function knownCluster(directory, existing, options) {
  const configs = existing
    .map((id) => readConfig(directory, id))
    .filter((config) => config !== null);
  const first = configs[0];
  if (first === undefined)
    return `no node in ${directory} has a redoubt.conf: the cluster's members are not known`;
  const ids = first.peers.map(({ id }) => id);
  const base = first.port - first.nodeId + 1;
  if (options.nodes !== null && options.nodes !== ids.length) {
    return `the cluster in ${directory} has ${ids.length} nodes, not ${options.nodes}: leave --nodes away, or give another --dir`;
  }
  if (options.basePort !== null && options.basePort !== base) {
    return `the cluster in ${directory} has base port ${base}, not ${options.basePort}: leave --base-port away, or give another --dir`;
  }
  const ports = new Map(configs.map((config) => [config.nodeId, config.port]));
  return {
    clusterId: first.clusterId ?? "",
    ids,
    peers: first.get("peers"),
    portOf: (id) => ports.get(id) ?? base + id - 1,
  };
}

/** Text of node `id`'s configuration: the file's when there is one, with `settings` put into it. */
export function configText(directory, id, cluster, settings) {
  const path = configPath(directory, id);
  const before = existsSync(path) ? readFileSync(path, "utf8") : freshText(directory, id, cluster);
  const names = new Set(settings.map(([name]) => name));
  const kept = before
    .trimEnd()
    .split("\n")
    .filter((line) => !names.has(line.trim().split(/\s/)[0].toLowerCase()));
  return `${[...kept, ...settings.map(settingLine)].join("\n")}\n`;
}

function settingLine([name, value]) {
  // Values of several words (bind, client-output-buffer-limit) are words; quotes are for the writer to give.
  return `${name} ${value === "" ? '""' : value}`;
}

function freshText(directory, id, cluster) {
  const home = resolve(nodeDirectory(directory, id));
  const others = cluster.clusterId === "" ? [] : [`cluster-id ${cluster.clusterId}`];
  return [
    `# Node ${id} of a local cluster, written by npm start. Your changes are kept.`,
    `node-id ${id}`,
    `peers ${cluster.peers}`,
    ...others,
    `bind ${host}`,
    `port ${cluster.portOf(id)}`,
    `dir ${quoted(join(home, "data"))}`,
    `pidfile ${quoted(join(home, "redoubt.pid"))}`,
    `logfile ${quoted(join(home, "redoubt.log"))}`,
  ].join("\n");
}

const quoted = (path) => `"${path.replace(/[\\"]/g, "\\$&")}"`;

/** Writes the configuration unless the same text is there; whole or not at all. */
export function writeConfig(directory, id, text) {
  const path = configPath(directory, id);
  makeDirectory(resolve(nodeDirectory(directory, id)));
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** As mkdir -p. Node's own `recursive` never returns where even root may not create (/proc/x, Node 20). */
function makeDirectory(path) {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

/** Process id of a node of this directory that runs now; null: none. */
export function runningProcess(directory, id) {
  const path = join(nodeDirectory(directory, id), "redoubt.pid");
  if (!existsSync(path)) return null;
  const pid = Number(readFileSync(path, "utf8").trim());
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM" ? pid : null;
  }
  // After a crash the number may belong to somebody else by now; Linux can tell.
  const commandLine = `/proc/${pid}/cmdline`;
  if (!existsSync(commandLine)) return pid;
  return readFileSync(commandLine, "utf8").includes("redoubt") ? pid : null;
}
