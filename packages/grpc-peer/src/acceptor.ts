/**
 * The peer listener: accepts connections, runs the acceptor's handshake on their streams and hands over
 * what is authenticated. The port faces anybody: what is not a peer's gRPC costs a bounded amount of
 * memory for a bounded time, and nothing else.
 */

import { createServer, type Server as NetServer, type Socket } from "node:net";
import {
  type ConnectionInjector,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import type { NodeId } from "@redoubt/raft";
import {
  CONNECTIONS_MAX,
  FAREWELL_MS,
  HANDSHAKE_DEADLINE_MS,
  JOIN_DEADLINE_MS,
} from "./constants.js";
import { PeerTransportError } from "./errors.js";
import type { Claims } from "./generated/redoubt/peer/v1/peer.js";
import { type RefusalCause, StreamKind } from "./handshake.js";
import { AcceptorHandshake, type HandshakeOutcome, type HandshakeTerms } from "./handshake-run.js";
import { ACCEPTOR_OPTIONS, GuestKind, guestService, peerService } from "./service.js";
import { PeerStream } from "./stream.js";

export interface AcceptorOwner {
  accepted(stream: PeerStream, claims: Claims): void;
  /** A stream that is no part of a link; its handler is to be set at once. */
  guestAccepted(stream: PeerStream, kind: GuestKind, claims: Claims): void;
  acceptorRefused(
    by: "us" | "peer",
    cause: RefusalCause,
    claimedId: NodeId,
    remoteAddress: string,
  ): void;
  /** The listener could not accept a connection (descriptors used up, say). It goes on listening. */
  acceptorFault(error: Error): void;
}

/** One TCP connection. Cut at the deadline unless as many of its streams are open as there are kinds. */
interface Connection {
  readonly socket: Socket;
  readonly remoteAddress: string;
  openStreams: number;
  deadline: NodeJS.Timeout;
}

type ServerCall = ServerDuplexStream<Buffer, Buffer>;

const STREAM_KINDS = Object.values(StreamKind);
const GUEST_KINDS = Object.values(GuestKind);

/** What is asked of those who call: of peers, and of each kind of guest. */
export type AcceptorTerms = Readonly<Record<"peer" | GuestKind, HandshakeTerms>>;

export class Acceptor {
  readonly #terms: AcceptorTerms;
  readonly #owner: AcceptorOwner;
  readonly #listener: NetServer;
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  /** By remote "address:port", which is how a gRPC call names its connection. */
  readonly #connections = new Map<string, Connection>();

  static async listen(
    host: string,
    port: number,
    terms: AcceptorTerms,
    owner: AcceptorOwner,
  ): Promise<Acceptor> {
    const acceptor = new Acceptor(terms, owner);
    await listen(acceptor.#listener, host, port);
    acceptor.#listener.on("error", (error) => owner.acceptorFault(error));
    return acceptor;
  }

  private constructor(terms: AcceptorTerms, owner: AcceptorOwner) {
    this.#terms = terms;
    this.#owner = owner;
    this.#server = new Server(ACCEPTOR_OPTIONS);
    for (const kind of STREAM_KINDS) {
      this.#server.register(
        peerService[kind].path,
        (call: ServerCall) => this.#serve(kind, call),
        peerService[kind].responseSerialize,
        peerService[kind].requestDeserialize,
        "bidi",
      );
    }
    for (const kind of GUEST_KINDS) {
      this.#server.register(
        guestService[kind].path,
        (call: ServerCall) => this.#serveGuest(kind, call),
        guestService[kind].responseSerialize,
        guestService[kind].requestDeserialize,
        "bidi",
      );
    }
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = createServer({ noDelay: true }, (socket) => this.#connected(socket));
    this.#listener.maxConnections = CONNECTIONS_MAX;
  }

  get port(): number {
    const address = this.#listener.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  get connections(): number {
    return this.#connections.size;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const connection of this.#connections.values()) {
      connection.socket.destroy();
    }
    this.#injector.destroy();
    this.#server.forceShutdown();
    await closed;
  }

  #connected(socket: Socket): void {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection: Connection = {
      socket,
      remoteAddress: name,
      openStreams: 0,
      deadline: setTimeout(() => socket.destroy(), HANDSHAKE_DEADLINE_MS),
    };
    this.#connections.set(name, connection);
    // A connection's faults end the connection; "close" follows and is what counts.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(connection.deadline);
      this.#connections.delete(name);
    });
    this.#injector.injectConnection(socket);
  }

  #serve(kind: StreamKind, call: ServerCall): void {
    const connection = this.#connectionOf(call);
    if (connection === null) return;
    const handshake = new AcceptorHandshake(this.#terms.peer, this.#outcome(connection));
    const stream = new PeerStream(kind, call, handshake, () => connection.socket.destroy());
    handshake.begin(stream);
  }

  #serveGuest(kind: GuestKind, call: ServerCall): void {
    const connection = this.#connectionOf(call);
    if (connection === null) return;
    const outcome: HandshakeOutcome = {
      ...this.#outcome(connection),
      open: (stream, claims) => {
        clearTimeout(connection.deadline);
        if (kind === GuestKind.join) {
          connection.deadline = setTimeout(() => connection.socket.destroy(), JOIN_DEADLINE_MS);
        }
        this.#owner.guestAccepted(stream, kind, claims);
      },
    };
    const handshake = new AcceptorHandshake(this.#terms[kind], outcome);
    const stream = new PeerStream(kind, call, handshake, () => connection.socket.destroy());
    handshake.begin(stream);
  }

  #connectionOf(call: ServerCall): Connection | null {
    const connection = this.#connections.get(call.getPeer());
    if (connection !== undefined) return connection;
    // Its connection closed between the request and this call.
    call.on("error", () => {});
    call.end();
    return null;
  }

  #outcome(connection: Connection): HandshakeOutcome {
    return {
      open: (stream, claims) => {
        connection.openStreams += 1;
        if (connection.openStreams === STREAM_KINDS.length) {
          clearTimeout(connection.deadline);
        }
        this.#owner.accepted(stream, claims);
      },
      refused: (by, cause, claimedId) => {
        clearTimeout(connection.deadline);
        connection.deadline = setTimeout(() => connection.socket.destroy(), FAREWELL_MS);
        this.#owner.acceptorRefused(by, cause, claimedId, connection.remoteAddress);
      },
      closed: () => connection.socket.destroy(),
    };
  }
}

function listen(listener: NetServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      const code = taken ? "PORT_IN_USE" : "BIND_FAILED";
      const text = taken ? "the peer port is in use" : "cannot listen on the peer port";
      reject(new PeerTransportError(code, `${text}: ${host}:${port}`, error));
    });
    listener.listen(port, host, () => {
      listener.removeAllListeners("error");
      resolve();
    });
  });
}
