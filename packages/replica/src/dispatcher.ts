/**
 * Decides what becomes of the request at the head of a session's queue: executed ahead, observed, queued
 * into MULTI, redirected, refused, or held until a leader is known (design, sections 2, 5 and 6).
 *
 * It lives here and not in the gateway, because taking requests back and dispatching them again when
 * leadership is lost is a rule of safety, and the simulator attacks it
 * (docs/decisions: "Dispatch belongs to the replica").
 *
 * Longer than other files: every way a request can go stands beside the others, since what is refused, held and
 * repeated must agree.
 */

import {
  arityOk,
  type BlockRequest,
  type CommandRow,
  type CommandTable,
  firstKeySlot,
  unknownCommand,
  unknownSubcommand,
  wrongArity,
} from "@redoubt/commands";
import type { Index, NodeId } from "@redoubt/raft";
import { assert } from "./assert.js";
import { MULTI_QUEUED_BYTES_MAX } from "./constants.js";
import {
  CLUSTERDOWN,
  DISCARD_WITHOUT_MULTI,
  EXEC_WITHOUT_MULTI,
  EXECABORT,
  LOADING,
  MULTI_TOO_LARGE,
  NESTED_MULTI,
  NOAUTH,
  OOM,
  READONLY,
  WAIT_ON_REPLICA,
  WAITAOF_ON_REPLICA,
  WATCH_INSIDE_MULTI,
} from "./errors.js";
import type { Executor } from "./executor.js";
import type { NodeDirectory } from "./ports.js";
import type { PubSub } from "./pub-sub.js";
import { isSubscribing, refusedWhileListening, runPubSub } from "./pub-sub-commands.js";
import type { ReplyGate } from "./reply-gate.js";
import {
  type Argv,
  argvBytes,
  EncodedReply,
  type Refusal,
  Repeat,
  Transaction,
} from "./requests.js";
import type { Session } from "./session.js";
import { isHeld, parseWait, replyHeldBy } from "./wait.js";
import { ReplyKind } from "./waiting-replies.js";

/**
 * `wait`: leave the request at the head and look again when the route changes. `blocked`: when what
 * `session.blockedOn` names may be there.
 */
export type Outcome = "done" | "wait" | "blocked";

/** What the dispatcher asks of the node. Implemented by Replica. */
export interface Route {
  /** A leader whose own no-op is applied. */
  readonly serving: boolean;
  /** 0: unknown. */
  readonly leader: NodeId;
  /** It serves nobody: clients wait until it has handed over. */
  readonly leaderIsWitness: boolean;
  readonly self: NodeId;
  /** This node holds no keyspace. */
  readonly isWitness: boolean;
  /** This node left the cluster: what it holds ages from now on (trap 11). */
  readonly isRemoved: boolean;
  /** Raft's last index + 1. */
  readonly nextIndex: Index;
  /** There is no state yet: only rows that say so are executed (Redis: server.c, is_denyloading_command). */
  readonly loading: boolean;
  /** The applied state is not behind what this node had shown before it was restarted. */
  readonly caughtUp: boolean;
  /** Memory is over maxmemory: `denyoom` commands are refused. */
  readonly outOfMemory: boolean;
  /** Data voters but this node that hold `index` durably. */
  followersWith(index: Index): number;
  /** This node's own disk holds it. */
  isDurableHere(index: Index): boolean;
  /** Somebody waits until so many followers have what there is up to `index`. */
  hurry(index: Index, followers: number): void;
  readonly nowMs: number;
}

export class Dispatcher {
  readonly #table: CommandTable;
  readonly #executor: Executor;
  readonly #gate: ReplyGate;
  readonly #directory: NodeDirectory;
  readonly #route: Route;
  readonly #pubSub: PubSub;

  constructor(
    table: CommandTable,
    executor: Executor,
    gate: ReplyGate,
    directory: NodeDirectory,
    route: Route,
    pubSub: PubSub,
  ) {
    this.#table = table;
    this.#executor = executor;
    this.#gate = gate;
    this.#directory = directory;
    this.#route = route;
    this.#pubSub = pubSub;
  }

  /** Handles the head of the queue. `done`: it is answered (or waits behind the gate). */
  dispatch(session: Session): Outcome {
    const request = session.head();
    if (request === undefined) return "done";
    if (!Array.isArray(request)) return this.#takenBack(session, request as Special);
    const silentBefore = session.replyMode === "skip";
    const outcome = this.#unblocked(session) ?? this.#resolve(session, request);
    if (outcome !== "done" || session.replyMode === "on") return outcome;
    if (silentBefore && session.replyMode === "skip") session.replyMode = "on";
    else if (session.replyMode === "skipNext") session.replyMode = "skip";
    return outcome;
  }

  /** What was answered once and cut, or never came from the client: told whatever CLIENT REPLY said behind it. */
  #takenBack(session: Session, request: Special): Outcome {
    const mode = session.replyMode;
    session.replyMode = "on";
    let outcome: Outcome = "done";
    if (request instanceof Repeat) {
      const { protocol } = session.reply;
      session.reply.protocol = request.protocol;
      outcome =
        this.#unblocked(session) ??
        (request.request instanceof Transaction
          ? this.#execute(session, request.request, true)
          : this.#again(session, request.request));
      session.reply.protocol = protocol;
    } else if (request instanceof EncodedReply) {
      const start = session.output.end;
      session.reply.raw(request.bytes);
      this.#final(session, start);
    } else {
      this.#error(session, request.text);
      if (request.thenClose) session.closing = true;
    }
    session.replyMode = mode;
    return outcome;
  }

  /** The head was blocked and must not wait any more. Null: it was not. */
  #unblocked(session: Session): Outcome | null {
    const { unblocked } = session;
    if (unblocked === null || unblocked.request !== session.head()) return null;
    session.unblocked = null;
    return this.#error(session, unblocked.error);
  }

  /** The command found nothing and waits. Waiting again it keeps its time and its place. */
  #block(session: Session, argv: Argv, asked: BlockRequest): Outcome {
    if (session.blockedOn !== null) return "blocked";
    const kept = (asked.argv ?? argv).map((argument) => Buffer.from(argument));
    const head = session.head();
    const request = head instanceof Repeat ? new Repeat(kept, head.protocol) : kept;
    session.replaceHead(request);
    const { timeoutMs } = asked;
    session.blockedOn = {
      kind: "keys",
      request,
      keys: [...new Set(asked.keys)],
      type: asked.type,
      mayServe: asked.mayServe ?? null,
      deadlineMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#route.nowMs + timeoutMs,
      timedOut: false,
    };
    return "blocked";
  }

  #mayBlock(session: Session, row: CommandRow): boolean {
    // A connection that is being closed is not kept for what may come.
    if (!row.isBlocking || session.closing) return false;
    const { blockedOn } = session;
    return blockedOn === null || (blockedOn.kind === "keys" && !blockedOn.timedOut);
  }

  /** `asked` null: it was answered. */
  #answeredOrBlocked(session: Session, argv: Argv, asked: BlockRequest | null): Outcome {
    return asked === null ? "done" : this.#block(session, argv, asked);
  }

  #resolve(session: Session, argv: Argv): Outcome {
    let row = this.#table.lookup(argv[0]!);
    if (row === undefined) return this.#refuse(session, unknownCommand(argv));
    if (row.subcommands !== null && argv.length > 1) {
      const container = row;
      row = this.#table.subcommand(container, argv[1]!);
      if (row === undefined) return this.#refuse(session, unknownSubcommand(container, argv[1]!));
    }
    if (!arityOk(row, argv.length)) return this.#refuse(session, wrongArity(row.fullName));
    if (!session.authenticated && !row.flags.includes("no_auth")) {
      return this.#refuse(session, NOAUTH);
    }
    if (this.#route.loading && !row.flags.includes("loading")) {
      return this.#refuse(session, LOADING);
    }
    const refused = refusedWhileListening(session, row);
    if (refused !== null) {
      if (row.name === "exec") session.discard();
      return this.#refuse(session, refused);
    }
    session.lastCommand = row;
    if (session.multi !== null && !RUNS_INSIDE_MULTI.has(row.fullName)) {
      return this.#queue(session, session.multi, row, argv);
    }
    return this.#run(session, row, argv, true);
  }

  /** A command that was executed once and taken back. Its row and arity were checked then. */
  #again(session: Session, argv: Argv): Outcome {
    let row = this.#table.lookup(argv[0]!);
    if (row?.subcommands && argv.length > 1) row = this.#table.subcommand(row, argv[1]!);
    if (row === undefined) return this.#refuse(session, unknownCommand(argv));
    return this.#run(session, row, argv, false);
  }

  /** `mayObserve`: READONLY lets a follower answer from its applied state. */
  #run(session: Session, row: CommandRow, argv: Argv, mayObserve: boolean): Outcome {
    if (row.executor === "session") return this.#session(session, row, argv);
    if (row.executor === "host") return this.#host(session, row, argv);
    if (row.visibility === "noKeyspace") {
      this.#executor.observe(session, row, argv);
      return "done";
    }
    if (this.#route.serving) {
      if (row.denyOom && this.#route.outOfMemory) return this.#error(session, OOM);
      const mayBlock = this.#mayBlock(session, row);
      const asked = this.#executor.lead(session, row, argv, this.#route.nextIndex, mayBlock);
      return this.#answeredOrBlocked(session, argv, asked);
    }
    const slot = firstKeySlot(row, argv);
    const local = !row.isWrite && (slot < 0 || (mayObserve && session.readonlyMode));
    if (local && this.#observes) {
      if (!this.#route.caughtUp) return this.#error(session, LOADING);
      const asked = this.#executor.observe(session, row, argv, this.#mayBlock(session, row));
      return this.#answeredOrBlocked(session, argv, asked);
    }
    return this.#elsewhere(session, slot);
  }

  #host(session: Session, row: CommandRow, argv: Argv): Outcome {
    if (this.#executor.host(session, row, argv)) {
      session.blockedOn = null;
      return "done";
    }
    if (session.blockedOn === null) {
      const request = argv.map((argument) => Buffer.from(argument));
      session.replaceHead(request);
      session.blockedOn = { kind: "host", request, deadlineMs: Number.POSITIVE_INFINITY };
    }
    return "wait";
  }

  /** Local reads are answered from the applied state. */
  get #observes(): boolean {
    const { leader, self, isWitness, isRemoved } = this.#route;
    return leader !== self && !isWitness && !isRemoved;
  }

  /** This node may not answer: say who may, or wait for that to be known. */
  #elsewhere(session: Session, slot: number): Outcome {
    const { leader, self, leaderIsWitness } = this.#route;
    if (leader !== 0 && leader !== self && !leaderIsWitness) {
      if (slot < 0) return this.#error(session, READONLY);
      const address = this.#directory.clientAddress(leader, session);
      if (address !== null) {
        return this.#error(session, `MOVED ${slot} ${address.host}:${address.port}`);
      }
    }
    if (session.refuseHeld > 0) return this.#error(session, CLUSTERDOWN);
    return "wait";
  }

  /** Who listens hears it on any node that applies what is committed. */
  #listen(session: Session, row: CommandRow, argv: Argv): Outcome {
    const { isWitness, isRemoved } = this.#route;
    if (isSubscribing(row) && (isWitness || isRemoved)) {
      return this.#elsewhere(session, firstKeySlot(row, argv));
    }
    const start = session.output.end;
    const tells = runPubSub(this.#pubSub, session, row, argv, false);
    if (tells === "pushes") this.#gate.pushMessage(session, start);
    else this.#final(session, start);
    return "done";
  }

  #session(session: Session, row: CommandRow, argv: Argv): Outcome {
    if (row.group === "pubsub") return this.#listen(session, row, argv);
    switch (row.name) {
      case "multi":
        if (session.multi !== null) return this.#error(session, NESTED_MULTI);
        session.multi = new Transaction();
        return this.#ok(session);
      case "exec":
        return this.#exec(session);
      case "discard":
        if (session.multi === null) return this.#error(session, DISCARD_WITHOUT_MULTI);
        session.discard();
        return this.#ok(session);
      case "watch":
        return this.#watch(session, row, argv);
      case "unwatch":
        session.unwatchAll();
        return this.#ok(session);
      case "readonly":
        session.readonlyMode = true;
        return this.#ok(session);
      case "readwrite":
      case "asking":
        if (row.name === "readwrite") session.readonlyMode = false;
        return this.#ok(session);
      case "wait":
      case "waitaof":
        return this.#wait(session, row, argv);
      case "quit":
        this.#ok(session);
        session.closing = true;
        return "done";
      case "reset": {
        this.#pubSub.unsubscribeAll(session);
        session.resetState();
        this.#executor.resetByHost(session);
        const start = session.output.end;
        session.reply.simple("RESET");
        this.#final(session, start);
        return "done";
      }
      default:
        return assertNever(row);
    }
  }

  /** A command between MULTI and EXEC. Redis: multi.c, queueMultiCommand; refused early where it would be refused late. */
  #queue(session: Session, multi: Transaction, row: CommandRow, argv: Argv): Outcome {
    if (row.flags.includes("no_multi")) {
      return this.#refuse(session, "ERR Command not allowed inside a transaction");
    }
    if (row.executor === "data" && row.visibility !== "noKeyspace" && !this.#route.serving) {
      const slot = firstKeySlot(row, argv);
      const local = !row.isWrite && (slot < 0 || session.readonlyMode);
      if (!(local && this.#observes)) {
        const outcome = this.#elsewhere(session, slot);
        if (outcome === "done") multi.aborted = true;
        return outcome;
      }
    }
    if (row.denyOom && this.#route.serving && this.#route.outOfMemory) {
      return this.#refuse(session, OOM);
    }
    if (multi.bytes > MULTI_QUEUED_BYTES_MAX) return this.#refuse(session, MULTI_TOO_LARGE);
    // A queued command lives longer than the turn: it gets bytes of its own.
    multi.commands.push({ row, argv: argv.map((argument) => Buffer.from(argument)) });
    multi.bytes += argvBytes(argv);
    const start = session.output.end;
    session.reply.simple("QUEUED");
    this.#final(session, start);
    return "done";
  }

  #exec(session: Session): Outcome {
    const { multi } = session;
    if (multi === null) return this.#error(session, EXEC_WITHOUT_MULTI);
    if (multi.aborted) {
      session.discard();
      return this.#error(session, EXECABORT);
    }
    const outcome = this.#execute(session, multi, false);
    if (outcome === "done") session.multi = null;
    return outcome;
  }

  /** `repeated`: it was executed once and taken back; its watches are settled. */
  #execute(session: Session, transaction: Transaction, repeated: boolean): Outcome {
    const { serving } = this.#route;
    const { commands } = transaction;
    if (serving) {
      if (this.#route.outOfMemory && commands.some(({ row }) => row.denyOom)) {
        if (!repeated) session.unwatchAll();
        return this.#error(session, OOM);
      }
      if (!repeated) session.moveWatches(transaction);
      this.#executor.leadTransaction(session, transaction, this.#route.nextIndex);
      session.releaseWatches(transaction);
      return "done";
    }
    let slot = -1;
    let local = true;
    for (const { row, argv } of commands) {
      if (row.executor !== "data" || row.visibility === "noKeyspace") continue;
      const commandSlot = firstKeySlot(row, argv);
      if (slot < 0) slot = commandSlot;
      // A READONLY said behind it says nothing about a repeated one.
      const mayObserve = session.readonlyMode && !repeated;
      if (row.isWrite || (commandSlot >= 0 && !mayObserve)) local = false;
    }
    if (local && this.#observes) {
      if (!this.#route.caughtUp) {
        if (!repeated) session.unwatchAll();
        return this.#error(session, LOADING);
      }
      if (!repeated) session.moveWatches(transaction);
      this.#executor.observeTransaction(session, transaction);
      session.releaseWatches(transaction);
      return "done";
    }
    const outcome = this.#elsewhere(session, slot);
    if (outcome === "done" && !repeated) session.unwatchAll();
    return outcome;
  }

  #watch(session: Session, row: CommandRow, argv: Argv): Outcome {
    if (session.multi !== null) return this.#error(session, WATCH_INSIDE_MULTI);
    if (this.#route.serving) {
      this.#executor.watch(session, argv, this.#route.nextIndex);
      return "done";
    }
    if (session.readonlyMode && this.#observes) {
      this.#executor.watchObserved(session, argv);
      return "done";
    }
    return this.#elsewhere(session, firstKeySlot(row, argv));
  }

  /** At the head while it blocks. */
  #wait(session: Session, row: CommandRow, argv: Argv): Outcome {
    const isLocal = row.name === "waitaof";
    const { blockedOn } = session;
    if (blockedOn?.kind === "wait") {
      const { local, replicas, writeIndex, deadlineMs } = blockedOn;
      const over = this.#route.nowMs >= deadlineMs;
      if (!over && !isHeld(this.#route, local, replicas, writeIndex)) return "wait";
      session.blockedOn = null;
      return this.#heldBy(session, isLocal, writeIndex);
    }
    const asked = parseWait(isLocal, argv);
    if (typeof asked === "string") return this.#error(session, asked);
    if (!this.#route.serving) {
      const { leader, self, leaderIsWitness } = this.#route;
      return leader !== 0 && leader !== self && !leaderIsWitness
        ? this.#error(session, isLocal ? WAITAOF_ON_REPLICA : WAIT_ON_REPLICA)
        : this.#elsewhere(session, -1);
    }
    const { local, replicas, timeoutMs } = asked;
    const writeIndex = session.lastWriteIndex;
    if (isHeld(this.#route, local, replicas, writeIndex)) {
      return this.#heldBy(session, isLocal, writeIndex);
    }
    session.blockedOn = {
      kind: "wait",
      request: session.head()!,
      deadlineMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#route.nowMs + timeoutMs,
      local,
      replicas,
      writeIndex,
    };
    this.#route.hurry(writeIndex, replicas);
    return "wait";
  }

  #heldBy(session: Session, isLocal: boolean, index: Index): Outcome {
    const start = session.output.end;
    replyHeldBy(this.#route, session, isLocal, index);
    this.#final(session, start);
    return "done";
  }

  /** A session's row inside EXEC: never blocks. */
  insideExec(session: Session, row: CommandRow, argv: Argv): void {
    if (row.group === "pubsub") {
      runPubSub(this.#pubSub, session, row, argv, true);
      return;
    }
    switch (row.name) {
      case "wait":
      case "waitaof":
        replyHeldBy(this.#route, session, row.name === "waitaof", session.lastWriteIndex);
        return;
      case "readonly":
      case "readwrite":
        session.readonlyMode = row.name === "readonly";
        session.reply.ok();
        return;
      default:
        session.reply.ok();
    }
  }

  /** An error that also makes the MULTI it stands in fail. */
  #refuse(session: Session, text: string): Outcome {
    if (session.multi !== null) session.multi.aborted = true;
    return this.#error(session, text);
  }

  #error(session: Session, text: string): Outcome {
    const start = session.output.end;
    session.reply.error(text);
    this.#final(session, start);
    return "done";
  }

  #ok(session: Session): Outcome {
    const start = session.output.end;
    session.reply.ok();
    this.#final(session, start);
    return "done";
  }

  #final(session: Session, start: number): void {
    this.#gate.push(session, start, 0, false, ReplyKind.final, null);
  }
}

/** Redis: server.c, processCommand: these run though a MULTI is open. */
const RUNS_INSIDE_MULTI: ReadonlySet<string> = new Set([
  "exec",
  "discard",
  "multi",
  "watch",
  "quit",
  "reset",
]);

type Special = Repeat | EncodedReply | Refusal;

function assertNever(row: CommandRow): never {
  assert(row.executor !== "session", "every session row has its case");
  throw new Error("unreachable");
}
