/** For tests: a real one-voter cluster in a temporary directory, and a client that speaks RESP. */

import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeRequest } from "@redoubt/resp";
import { ServerConfig } from "../config/index.js";
import { type NodeLogger, type RunningNode, startNode } from "../node.js";

export interface TestNode {
  readonly port: number;
  readonly directory: string;
  readonly config: ServerConfig;
  readonly running: RunningNode;
  readonly lines: { level: string; event: string; fields: object }[];
  /** SHUTDOWN was said. */
  readonly shutdownAsked: Promise<void>;
  client(): Promise<TestClient>;
  /** Stops the node and removes its directory. */
  stop(): Promise<void>;
}

/** A whole cluster of one node, as a leader. `extra`: command line options, as ["--timeout", "5"]. */
export async function startTestNode(
  extra: readonly string[] = [],
  configuration: ConfigFile | null = null,
): Promise<TestNode> {
  const [node] = await startTestCluster(1, () => extra, configuration);
  return node!;
}

export interface ConfigFile {
  readonly file: string;
  readonly text: string;
}

/** A cluster whose members run in this process. Resolves when one of them serves and all follow it. */
export async function startTestCluster(
  size: number,
  extra: (id: number) => readonly string[] = () => [],
  configuration: ConfigFile | null = null,
): Promise<TestNode[]> {
  const ports = await freePorts(2 * size);
  const ids = Array.from({ length: size }, (_, at) => at + 1);
  const peers = ids.map((id) => `${id}@127.0.0.1:${ports[size + id - 1]}`).join(" ");
  const nodes = await Promise.all(
    ids.map((id) =>
      startMember(
        ["--node-id", String(id), "--peers", peers, ...extra(id)],
        ports[id - 1]!,
        configuration,
        size === 1,
      ),
    ),
  );
  await eventually(() => {
    const leaders = nodes.map(({ running }) => running.replica.leader);
    const serving = nodes.some(({ running }) => running.replica.serving);
    return serving && leaders.every((leader) => leader !== 0 && leader === leaders[0]);
  });
  return nodes;
}

async function startMember(
  extra: readonly string[],
  port: number,
  configuration: ConfigFile | null,
  alone: boolean,
): Promise<TestNode> {
  const directory = await mkdtemp(join(tmpdir(), "redoubt-server-"));
  const config = ServerConfig.parse(
    [
      ...(configuration === null ? [] : [configuration.file]),
      ...["--cluster-id", "test", "--bootstrap", "yes", "--dir", directory],
      ...["--port", String(port), "--bind", "127.0.0.1"],
      ...(alone ? ["--election-timeout", "100"] : ["--election-timeout", "800"]),
      ...["--heartbeat-interval", "20"],
      ...extra,
    ],
    () => configuration?.text ?? "",
  );
  const lines: TestNode["lines"] = [];
  let asked: () => void = () => {};
  const shutdownAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const running = await startNode(config, {
    bootstrap: true,
    logger: collectingLogger(lines),
    onShutdown: asked,
  });
  return {
    port,
    directory,
    config,
    running,
    lines,
    shutdownAsked,
    client: () => TestClient.connect(port),
    stop: async () => {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Looks again at each pass of the event loop until `holds`; the test's own timeout bounds it. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2));
}

export function collectingLogger(lines: TestNode["lines"]): NodeLogger {
  const at = (level: string) => (fields: object, event: string) => {
    lines.push({ level, event, fields });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
  };
}

/** Ports nobody listens on at the moment of asking. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports: number[] = [];
  for (const server of servers) {
    const address = server.address();
    if (address !== null && typeof address === "object") ports.push(address.port);
    await new Promise((resolve) => server.close(resolve));
  }
  return ports;
}

/** Error replies, so that they can't be taken for strings. */
export class ReplyError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Status lines are `{ status }`: a bulk and a status of the same text differ. */
export interface Status {
  readonly status: string;
}

export interface Verbatim {
  readonly verbatim: string;
}

export type Reply =
  | string
  | number
  | null
  | ReplyError
  | Status
  | Verbatim
  | Reply[]
  | Map<Reply, Reply>;

export class TestClient {
  readonly socket: Socket;
  /** Resolves when the socket is gone, with everything that was received and not asked for. */
  readonly closed: Promise<string>;
  #buffer = "";
  readonly #waiting: ((reply: Reply) => void)[] = [];

  static async connect(port: number, host = "127.0.0.1"): Promise<TestClient> {
    const socket = connect(port, host);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new TestClient(socket);
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.#buffer += chunk.toString("latin1");
      this.#deliver();
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        for (const each of this.#waiting.splice(0)) each(new ReplyError("closed"));
        resolve(this.#buffer);
      });
    });
  }

  /** One command, its reply. */
  send(...argv: (string | Uint8Array)[]): Promise<Reply> {
    this.socket.write(encodeRequest(argv));
    return this.next();
  }

  /** As `send`; an error reply's text. Throws when it is no error. */
  async fails(...argv: string[]): Promise<string> {
    const reply = await this.send(...argv);
    if (!(reply instanceof ReplyError)) {
      throw new Error(`${argv.join(" ")} was expected to fail, got ${JSON.stringify(reply)}`);
    }
    return reply.text;
  }

  /** As `send`, for replies that are text. */
  async text(...argv: string[]): Promise<string> {
    const reply = await this.send(...argv);
    if (typeof reply === "string") return reply;
    if (reply instanceof ReplyError) throw new Error(reply.text);
    if (reply !== null && typeof reply === "object" && "verbatim" in reply) return reply.verbatim;
    throw new Error(`${argv.join(" ")} was expected to give text, got ${JSON.stringify(reply)}`);
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  next(): Promise<Reply> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#deliver();
    });
  }

  async end(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #deliver(): void {
    while (this.#waiting.length > 0) {
      const parsed = parseReply(this.#buffer, 0);
      if (parsed === null) return;
      this.#buffer = this.#buffer.slice(parsed.end);
      this.#waiting.shift()!(parsed.reply);
    }
  }
}

interface Parsed {
  readonly reply: Reply;
  readonly end: number;
}

/** null: not whole yet. */
export function parseReply(text: string, at: number): Parsed | null {
  const lineEnd = text.indexOf("\r\n", at);
  if (lineEnd < 0) return null;
  const line = text.slice(at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (text[at]) {
    case "+":
      return { reply: { status: line }, end };
    case "-":
      return { reply: new ReplyError(line), end };
    case ":":
      return { reply: Number(line), end };
    case "_":
      return { reply: null, end };
    case "$":
    case "=":
      return parseBulk(text, end, Number(line), text[at] === "=");
    case "*":
      return parseElements(text, end, Number(line));
    case "%": {
      const flat = parseElements(text, end, 2 * Number(line));
      if (flat === null || !Array.isArray(flat.reply)) return flat;
      return { reply: pairUp(flat.reply), end: flat.end };
    }
    default:
      throw new Error(`unexpected reply type in ${JSON.stringify(text.slice(at, at + 40))}`);
  }
}

function parseBulk(text: string, at: number, length: number, verbatim: boolean): Parsed | null {
  if (length < 0) return { reply: null, end: at };
  if (text.length < at + length + 2) return null;
  const body = text.slice(at, at + length);
  return { reply: verbatim ? { verbatim: body.slice(4) } : body, end: at + length + 2 };
}

function parseElements(text: string, at: number, count: number): Parsed | null {
  if (count < 0) return { reply: null, end: at };
  const reply: Reply[] = [];
  let end = at;
  for (let i = 0; i < count; i++) {
    const parsed = parseReply(text, end);
    if (parsed === null) return null;
    reply.push(parsed.reply);
    end = parsed.end;
  }
  return { reply, end };
}

function pairUp(flat: Reply[]): Map<Reply, Reply> {
  const map = new Map<Reply, Reply>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i]!, flat[i + 1]!);
  return map;
}
