/**
 * Runs the scenario texts in testdata. A block is command lines, `----`, and what they print; a `#`
 * line is a comment, the first one is the scenario's title. Every node has a clock of its own, which
 * only `tick` moves. Commands (nodes: ids or `all`):
 *
 *   cluster voters=1,2,3 [outgoing=..] [learners=..] [appendBytes=n] [inflight=n]   T = 100 ms, heartbeat 20 ms
 *   tick <node> <ms>        time passes for a node        campaign <node>  its election deadline passes
 *   stall <node> <ms>       its process stands still so long; no timer has fired yet
 *   ready <node>            take one Ready                sync <node> [n]  n (all) Persists become durable
 *   deliver [a->b] [type] [n]   drop ...   duplicate ...  on messages under way, oldest first
 *   settle [nodes]          ready, sync and deliver among these nodes until nothing moves
 *   votes <nodes>           the same, delivering nothing but (pre)votes
 *   keep [a->b] [type] [n]  copies messages under way; replay: delivers the copies
 *   cut a b ..., heal       links lose what is sent from now on; both directions
 *   propose <node> <text..>, big <node> <bytes>, read <node>, unreachable <node> <peer>
 *   crash <node> [written], restart <node>, status [nodes], log <node>, flow <node>
 *   transfer <node> [to], ask <node>        leadership to another; the node asks for it
 *   change <node> voters=.. learners=.. [expect=index] [force]   pending <node>   membership; what the leader wants
 *   join <id> <incarnation> a node with an empty disk      lease <node>, readIndex <node>
 *   snapshot <node> [margin]  of what it has applied; the log is trimmed behind it    verify <node>  its store is
 *                           done with what was received    rot <node>  a bit of what was received flips
 *   raw <to> {json}         step a message made by hand
 * Members: id[.incarnation][w][+]: 4.0+ is node 4, incarnation "this entry", to be promoted; w: a witness.
 *   quiet <command>         the same, printing nothing
 */
import {
  bootstrapEntries,
  type Entry,
  type Member,
  type Message,
  type NodeId,
} from "../src/index.js";
import { describeEntry, describeMessage, describeReady, typeName } from "./describe.js";
import { type Limits, SimulatedNode } from "./simulated-node.js";
import { tickLikeAHost } from "./tick-like-a-host.js";

const electionTimeoutMs = 100;
const heartbeatIntervalMs = 20;

interface Block {
  readonly before: string[];
  readonly commands: string[];
}

/** The text with every output replaced by what the commands print now. */
export function runScenario(text: string): string {
  const scenario = new Scenario();
  const out: string[] = [];
  for (const block of parse(text)) {
    out.push(...block.before);
    if (block.commands.length === 0) continue;
    const printed = block.commands.flatMap((command) => scenario.run(command));
    out.push(...block.commands, "----", ...(printed.length === 0 ? ["ok"] : printed), "");
  }
  return `${out.join("\n").trimEnd()}\n`;
}

function parse(text: string): Block[] {
  const blocks: Block[] = [];
  for (const paragraph of text.trimEnd().split(/\n\s*\n/)) {
    const lines = paragraph.split("\n");
    const cut = lines.indexOf("----");
    const input = cut < 0 ? lines : lines.slice(0, cut);
    const before = input.filter((line) => line.startsWith("#"));
    const commands = input.filter((line) => line !== "" && !line.startsWith("#"));
    blocks.push({ before: commands.length === 0 ? [...before, ""] : before, commands });
  }
  return blocks;
}

class Scenario {
  readonly #nodes = new Map<NodeId, SimulatedNode>();
  readonly #nowMs = new Map<NodeId, number>();
  #network: Message[] = [];
  #kept: Message[] = [];
  readonly #cut = new Set<string>();
  #out: string[] = [];
  #limits: Limits = {};

  run(line: string): string[] {
    this.#out = [];
    const words = line.split(" ").filter((word) => word !== "");
    const quiet = words[0] === "quiet";
    if (quiet) words.shift();
    this.#command(words.shift() ?? "", words, line);
    return quiet ? [] : this.#out;
  }

  #command(name: string, words: string[], line: string): void {
    const number = Number(words[1] ?? Number.NaN);
    switch (name) {
      case "cluster":
        this.#cluster(words);
        break;
      case "tick":
        this.#each(words[0], (node) => this.#tick(node, number));
        break;
      case "stall":
        this.#each(words[0], (node) => this.#stall(node, number));
        break;
      case "campaign":
        this.#each(words[0], (node) => {
          const now = this.#nowMs.get(node.id)!;
          this.#tick(node, Math.max(0, node.raft.nextDeadlineMs() - now));
        });
        break;
      case "ready":
        this.#each(words[0], (node) => this.#ready(node));
        break;
      case "sync":
        this.#each(words[0], (node) => this.#sync(node, Number.isNaN(number) ? 1e9 : number));
        break;
      case "deliver":
      case "drop":
      case "duplicate":
      case "keep":
        this.#onNetwork(name, words);
        break;
      case "replay":
        for (const message of this.#kept.splice(0)) this.#deliver(message);
        break;
      case "settle":
        this.#settle(words, () => true);
        break;
      case "votes":
        this.#settle(words, (message) => typeName(message).toLowerCase().includes("vote"));
        break;
      case "cut":
        for (let at = 0; at < words.length; at += 2) this.#cutLink(words[at]!, words[at + 1]!);
        break;
      case "heal":
        this.#cut.clear();
        break;
      case "propose":
        this.#each(words[0], (node) => {
          const payloads = words.slice(1);
          for (const text of payloads) node.raft.propose(new TextEncoder().encode(text));
        });
        break;
      case "big":
        this.#each(words[0], (node) => node.raft.propose(new Uint8Array(number).fill(120)));
        break;
      case "read":
        this.#each(words[0], (node) => this.#print(`round ${node.raft.beginReadRound()}`));
        break;
      case "unreachable":
        this.#each(words[0], (node) => node.raft.unreachable(number));
        break;
      case "crash":
        this.#each(words[0], (node) => node.crash(Number.isNaN(number) ? 0 : number));
        break;
      case "restart":
        this.#node(words[0]).restart(this.#nowMs.get(this.#node(words[0]).id)!);
        break;
      case "status":
        this.#each(words[0] ?? "all", (node) => this.#status(node));
        break;
      case "log":
        this.#each(words[0], (node) => this.#print(this.#logOf(node)));
        break;
      case "flow":
        this.#each(words[0], (node) => this.#flow(node));
        break;
      case "transfer":
        this.#each(words[0], (node) => {
          const refusal = node.raft.transferLeadership(Number.isNaN(number) ? 0 : number);
          if (refusal !== null) this.#print(`refused: ${refusal}`);
        });
        break;
      case "ask":
        this.#each(words[0], (node) => this.#print(`asked: ${node.raft.requestTransferToSelf()}`));
        break;
      case "change":
        this.#change(this.#node(words[0]), words.slice(1));
        break;
      case "pending":
        this.#each(words[0], (node) => {
          if (node.raft.wantsConfiguration) node.raft.takePendingChange();
          else this.#print(`${node.id} wants nothing`);
        });
        break;
      case "join":
        this.#addNode(Number(words[0]), [], number);
        break;
      case "lease":
        this.#each(words[0], (node) => {
          const left = node.raft.leaseUntilMs() - this.#nowMs.get(node.id)!;
          this.#print(`${node.id} lease: ${left === -Infinity ? "none" : `${left} ms`}`);
        });
        break;
      case "readIndex":
        this.#each(words[0], (node) => this.#print(`context ${node.raft.requestReadIndex()}`));
        break;
      case "snapshot":
        this.#each(words[0], (node) => {
          const made = node.snapshot(Number.isNaN(number) ? 0 : number);
          const { anchorIndex } = node.raft;
          this.#print(
            made === null ? "none" : `${node.id} snapshot ${made.index}, log behind ${anchorIndex}`,
          );
        });
        break;
      case "verify":
        this.#each(words[0], (node) => node.verify());
        break;
      case "rot":
        this.#node(words[0]).rot();
        break;
      case "raw":
        this.#raw(this.#node(words[0]), line.slice(line.indexOf("{")));
        break;
      default:
        throw new Error(`unknown command: ${name}`);
    }
  }

  #cluster(words: string[]): void {
    const given = new Map(words.map((word) => word.split("=") as [string, string]));
    const members = (key: string) => parseMembers(given.get(key) ?? "", 1);
    const ids = (key: string) => members(key).map(({ id }) => id);
    const entries = bootstrapEntries({
      clusterId: "scenario",
      voters: members("voters"),
      votersOutgoing: members("outgoing"),
      learners: members("learners"),
    });
    this.#limits = {
      ...(given.has("appendBytes") ? { maxAppendBytes: Number(given.get("appendBytes")) } : {}),
      ...(given.has("inflight") ? { maxInflightAppends: Number(given.get("inflight")) } : {}),
      ...(given.has("chunkBytes") ? { snapshotChunkBytes: Number(given.get("chunkBytes")) } : {}),
      ...(given.has("pageBytes") ? { committedPageBytes: Number(given.get("pageBytes")) } : {}),
    };
    for (const id of new Set([...ids("voters"), ...ids("outgoing"), ...ids("learners")])) {
      this.#addNode(id, entries, 1);
    }
  }

  #addNode(id: NodeId, entries: readonly Entry[], incarnation: number): void {
    const onEvent = (event: string, fields: object) =>
      this.#print(`${id} event: ${event} ${JSON.stringify(fields)}`);
    const limits = this.#limits;
    const timing = { electionTimeoutMs, heartbeatIntervalMs };
    const options = { id, incarnation, entries, ...timing, limits, onEvent };
    this.#nowMs.set(id, 0);
    // Lower ids wait a little shorter.
    this.#nodes.set(id, new SimulatedNode({ ...options, random: () => id / 10 }, 0));
  }

  #change(node: SimulatedNode, words: string[]): void {
    const given = new Map(words.map((word) => word.split("=") as [string, string]));
    const { voters, learners } = node.raft.configuration;
    const members = (key: string, now: readonly Member[]) =>
      given.has(key) ? parseMembers(given.get(key) ?? "", null, [...voters, ...learners]) : now;
    const result = node.raft.changeConfiguration({
      expectedIndex: Number(given.get("expect") ?? 0),
      voters: members("voters", voters),
      learners: members("learners", learners),
      force: given.has("force"),
    });
    if ("refused" in result) this.#print(`refused: ${result.refused} ${result.text}`);
  }

  #tick(node: SimulatedNode, ms: number): void {
    const fromMs = this.#nowMs.get(node.id)!;
    this.#nowMs.set(node.id, fromMs + ms);
    if (node.alive) tickLikeAHost(node.raft, fromMs, fromMs + ms);
  }

  #stall(node: SimulatedNode, ms: number): void {
    const nowMs = this.#nowMs.get(node.id)! + ms;
    this.#nowMs.set(node.id, nowMs);
    if (node.alive) node.raft.advanceTime(nowMs);
  }

  #ready(node: SimulatedNode): void {
    if (!node.alive || !node.raft.hasReady()) return;
    const { ready, leaving } = node.takeReady();
    this.#out.push(...describeReady(node.id, ready));
    this.#send(leaving);
  }

  #sync(node: SimulatedNode, count: number): void {
    if (!node.alive || node.persists.length === 0) return;
    const leaving = node.sync(count);
    this.#print(`${node.id} synced: flushed=${node.raft.flushed}`);
    for (const message of leaving) this.#print(`  leaves ${describeMessage(message)}`);
    this.#send(leaving);
  }

  #send(messages: Message[]): void {
    for (const message of messages) {
      if (!this.#cut.has(`${message.from}-${message.to}`)) this.#network.push(message);
    }
  }

  #deliver(message: Message): void {
    const node = this.#nodes.get(message.to);
    this.#print(`> ${describeMessage(message)}`);
    if (node?.alive) node.raft.step(message);
  }

  #onNetwork(verb: string, words: string[]): void {
    let left = Number.POSITIVE_INFINITY;
    let link = "";
    let type = "";
    for (const word of words) {
      if (word.includes("->")) link = word;
      else if (/^\d+$/.test(word)) left = Number(word);
      else type = word;
    }
    const chosen = new Set<Message>();
    for (const message of this.#network) {
      const matches =
        (link === "" || link === `${message.from}->${message.to}`) &&
        (type === "" || type === typeName(message));
      if (matches && chosen.size < left) chosen.add(message);
    }
    if (verb === "keep") {
      this.#kept.push(...chosen);
      return;
    }
    if (verb !== "duplicate") this.#network = this.#network.filter((one) => !chosen.has(one));
    for (const message of chosen) {
      if (verb === "drop") this.#print(`dropped ${describeMessage(message)}`);
      else this.#deliver(message);
    }
  }

  #settle(words: string[], wanted: (message: Message) => boolean): void {
    const ids = words.length === 0 ? [...this.#nodes.keys()] : words.map(Number);
    const nodes = ids.map((id) => this.#nodes.get(id)!).filter((node) => node.alive);
    for (let round = 0; round < 200; round += 1) {
      let moved = false;
      for (const node of nodes) {
        if (node.raft.hasReady()) moved = true;
        this.#ready(node);
      }
      for (const node of nodes) {
        if (node.persists.length > 0) moved = true;
        this.#sync(node, 1e9);
      }
      const mine = this.#network.filter(
        (m) => ids.includes(m.to) && ids.includes(m.from) && wanted(m),
      );
      this.#network = this.#network.filter((m) => !mine.includes(m));
      for (const message of mine) this.#deliver(message);
      if (!moved && mine.length === 0) return;
    }
    throw new Error("the nodes never settle");
  }

  #cutLink(a: string, b: string): void {
    this.#cut.add(`${a}-${b}`).add(`${b}-${a}`);
  }

  #status(node: SimulatedNode): void {
    if (!node.alive) {
      this.#print(`${node.id}: down`);
      return;
    }
    const { role, term, leader, lastIndex, flushed, commit } = node.raft;
    const position = `last=${lastIndex} flushed=${flushed} commit=${commit}`;
    this.#print(
      `${node.id}: ${role} term=${term} leader=${leader} ${position} applied=${node.appliedIndex}` +
        (node.confirmedRound > 0 ? ` confirmedRound=${node.confirmedRound}` : "") +
        (node.raft.isRemoved ? " removed" : ""),
    );
  }

  #flow(node: SimulatedNode): void {
    for (const { id, state, match, next, recentActive } of node.raft.progress()) {
      const active = recentActive ? "active" : "silent";
      this.#print(`${node.id} of ${id}: ${state} match=${match} next=${next} ${active}`);
    }
    this.#print(`${node.id} uncommittedBytes=${node.raft.uncommittedBytes}`);
  }

  /** What a restart would find. */
  #logOf(node: SimulatedNode): string {
    const { snapshot, anchor, entries } = node.disk;
    const behind = snapshot === null ? "" : ` snapshot ${snapshot.index}, behind ${anchor.index}:`;
    return `${node.id} disk:${behind} ${entries.map(describeEntry).join(", ")}`;
  }

  #raw(node: SimulatedNode, json: string): void {
    const given = JSON.parse(json) as { entries?: { payload: unknown }[] };
    const message = { incarnation: 1, toIncarnation: 1, transfer: false, ...given };
    for (const entry of message.entries ?? []) {
      if (typeof entry.payload === "string") {
        entry.payload = new TextEncoder().encode(entry.payload);
      }
    }
    node.raft.step(message as unknown as Message);
  }

  #each(which: string | undefined, act: (node: SimulatedNode) => void): void {
    const nodes = which === "all" ? this.#nodes.values() : [this.#node(which)];
    for (const node of nodes) act(node);
  }

  #node(word: string | undefined): SimulatedNode {
    const node = this.#nodes.get(Number(word));
    if (node === undefined) throw new Error(`no such node: ${word}`);
    return node;
  }

  #print(line: string): void {
    this.#out.push(line);
  }
}

/** `incarnation` null: that of the member known by this id. */
function parseMembers(
  text: string,
  incarnation: number | null,
  known: readonly Member[] = [],
): Member[] {
  return text
    .split(",")
    .filter(Boolean)
    .map((word) => {
      const [, id = "", , given, witness, promote] = /^(\d+)(\.(\d+))?(w?)(\+?)$/.exec(word) ?? [];
      const before = known.find((member) => member.id === Number(id));
      return {
        id: Number(id),
        incarnation:
          given === undefined ? (incarnation ?? before?.incarnation ?? 0) : Number(given),
        peerAddress: `node-${id}:7000`,
        ...(witness === "w" ? { witness: true as const } : {}),
        ...(promote === "+" ? { promote: true as const } : {}),
      };
    });
}
