/**
 * A whole cluster on this machine, in the foreground. Everything that can be refused is refused before
 * anything is created. The nodes are ordinary redoubt-server processes: one that dies is reported and not
 * restarted, so that a fault can be watched; one can be stopped and started by hand.
 */

import { spawn } from "node:child_process";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { heapMegabytesFor } from "../../packages/server/dist/cli/heap.js";
import { nodeFlags } from "../../packages/server/dist/cli/node-flags.js";
import {
  ConfigError,
  processEnvironment,
  ServerConfig,
} from "../../packages/server/dist/config/index.js";
import {
  configPath,
  configText,
  directoryRefusal,
  existingNodes,
  knownCluster,
  newCluster,
  nodeDirectory,
  runningProcess,
  writeConfig,
} from "./cluster-files.mjs";
import { readOptions, usage } from "./options.mjs";
import { portIsFree, roleOf } from "./probe.mjs";
import { signalNumbers } from "./signals.mjs";

const server = fileURLToPath(
  new URL("../../packages/server/bin/redoubt-server.js", import.meta.url),
);
/** Milliseconds between looks for a leader, for one answer, and until its absence is mentioned. */
const pollIntervalMs = 100;
const answerTimeoutMs = 1_500;
const patienceMs = 20_000;
/** Milliseconds between looks whether npm is still there. */
const parentIntervalMs = 250;
/** Milliseconds a node has for its graceful stop; it gives up by itself well before. */
const stopTimeoutMs = 15_000;

/** As short as it stays readable, usable from the directory the user is in. */
const here = (path) => {
  const short = relative(process.cwd(), path) || ".";
  return short.startsWith("..") ? path : short;
};
const say = (line) => process.stdout.write(`${line}\n`);

export async function launch(argv) {
  const options = readOptions(argv);
  if (typeof options === "string") return refuse(options);
  if (options.help) return process.stdout.write(usage);
  const directory = resolve(options.directory);
  const plan = await planStart(directory, options);
  if (typeof plan === "string") return refuse(plan);
  try {
    for (const node of plan.nodes) writeConfig(directory, node.id, node.text);
  } catch (error) {
    return refuse(`cannot write in ${here(directory)}: ${error.message}`);
  }
  return run(directory, plan);
}

/** What will be started, nothing created yet; a text: why not. */
async function planStart(directory, options) {
  const unusable = directoryRefusal(directory);
  if (unusable !== null) return unusable;
  const existing = existingNodes(directory);
  const birth = existing.length === 0;
  try {
    const cluster = birth ? newCluster(options) : knownCluster(directory, existing, options);
    if (typeof cluster === "string") return cluster;
    const nodes = cluster.ids.map((id) => {
      const text = configText(directory, id, cluster, options.settings);
      const path = configPath(directory, id);
      // Read as if --set had come by command line: a mistake is then told as one made there.
      const before = configText(directory, id, cluster, []);
      const words = options.settings.flatMap(([name, value]) => [`--${name}`, ...value.split(" ")]);
      const config = ServerConfig.parse([path, ...words], () => before);
      return { id, text, config };
    });
    const busy = await busyRefusal(directory, nodes);
    if (busy !== null) return busy;
    return { birth, nodes, reborn: cluster.ids.filter((id) => !birth && !existing.includes(id)) };
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

async function busyRefusal(directory, nodes) {
  for (const { id } of nodes) {
    const pid = runningProcess(directory, id);
    if (pid !== null) {
      return `a cluster in ${here(directory)} is running already: node ${id} is process ${pid}`;
    }
  }
  for (const { id, config } of nodes) {
    for (const port of [config.port, config.peerPort]) {
      if (await portIsFree(port)) continue;
      return `port ${port}, needed by node ${id}, is in use: stop what listens there, or give another --base-port and --dir`;
    }
  }
  return null;
}

async function run(directory, plan) {
  const running = new Map();
  let stopping = false;
  const finished = new Promise((resolveFinished) => {
    for (const node of plan.nodes) {
      const child = startNode(directory, node, plan.birth);
      running.set(node.id, child);
      child.ended.then((reason) => {
        running.delete(node.id);
        if (!stopping) sayEnded(directory, node.id, reason);
        if (running.size === 0) resolveFinished();
      });
    }
  });
  const stop = () => {
    if (stopping) return;
    stopping = true;
    say("Stopping ...");
    for (const child of running.values()) child.process.kill("SIGTERM");
    setTimeout(() => {
      for (const child of running.values()) child.process.kill("SIGKILL");
    }, stopTimeoutMs).unref();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);
  stopWithNpm(stop);
  if (plan.birth) say(`New cluster of ${plan.nodes.length} in ${here(directory)}.`);
  for (const id of plan.reborn) {
    say(
      `Node ${id} has no directory although the cluster has been born: it starts without data and will refuse to vote as its old self.`,
    );
  }
  announceLeader(directory, plan, () => stopping || running.size === 0);
  await finished;
  process.exit(stopping ? 0 : 1);
}

/**
 * npm hands SIGTERM to the shell it runs this script in, and that shell dies of it without passing it on:
 * a new parent is then the only sign.
 */
function stopWithNpm(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, parentIntervalMs).unref();
}

function startNode(directory, node, birth) {
  const heap = heapMegabytesFor(node.config.maxmemoryBytes, processEnvironment().totalMemoryBytes);
  const args = [...nodeFlags(heap), server, configPath(directory, node.id)];
  if (birth) args.push("--bootstrap", "yes");
  // The ipc channel carries no messages: when it ends, the launcher is gone and the node stops too.
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let lastLine = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text) => {
    lastLine = text.trim().split("\n").at(-1) || lastLine;
  });
  const ended = new Promise((resolveEnded) => {
    child.on("error", (error) => resolveEnded(`could not start: ${error.message}`));
    child.on("close", (code, signal) => {
      const how = signal === null ? `exit code ${code}` : `${signal} (${signalNumbers[signal]})`;
      resolveEnded(lastLine === "" ? how : `${how}: ${lastLine}`);
    });
  });
  return { process: child, ended };
}

function sayEnded(directory, id, reason) {
  say(`Node ${id} ended, ${reason}`);
  say(`  its log: ${here(join(nodeDirectory(directory, id), "redoubt.log"))}`);
  say(`  to start it again: node ${here(server)} ${here(configPath(directory, id))}`);
}

async function announceLeader(directory, plan, givenUp) {
  const startedMs = performance.now();
  let complained = false;
  while (!givenUp()) {
    const roles = await Promise.all(
      plan.nodes.map(({ config }) => roleOf(config.port, config.requirepass, answerTimeoutMs)),
    );
    const leaderAt = roles.indexOf("leader");
    // A follower learns of its leader a heartbeat later: wait until the picture is whole, not for ever.
    const settled = !roles.includes("starting") || performance.now() - startedMs > patienceMs / 4;
    if (leaderAt >= 0 && settled) return sayServing(directory, plan, roles, leaderAt);
    if (!complained && performance.now() - startedMs > patienceMs) {
      complained = true;
      say(`No leader after ${patienceMs / 1000} s: see ${here(directory)}/node-*/redoubt.log`);
    }
    await new Promise((next) => setTimeout(next, pollIntervalMs));
  }
}

function sayServing(directory, plan, roles, leaderAt) {
  const lines = plan.nodes.map(({ id, config }, at) => {
    const role = roles[at] === "starting" ? "not ready" : roles[at];
    return `  node ${id}  127.0.0.1:${config.port}  ${role}`;
  });
  const password = plan.nodes[leaderAt].config.requirepass === "" ? "" : " -a PASSWORD";
  say(
    [
      "",
      "Redoubt serves.",
      ...lines,
      "",
      `  try:  redis-cli -c -p ${plan.nodes[leaderAt].config.port}${password}`,
      `  data and logs: ${here(directory)}, stop: Ctrl-C`,
      "",
    ].join("\n"),
  );
}

function refuse(line) {
  process.stderr.write(`${line.replaceAll("\n", " ")}\n`);
  process.exitCode = 1;
}
