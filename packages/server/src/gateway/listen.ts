/** Listeners on every address that is configured. */

import { createServer, type Server, type Socket } from "node:net";
import { errnoOf, NodeError } from "./errors.js";
import { readingShared } from "./shared-reads.js";

export interface ListenAddress {
  readonly host: string;
  /** An address this machine does not have is skipped without an error. */
  readonly optional: boolean;
}

export interface ListenEvents {
  accept(socket: Socket): void;
  /** A connection could not be accepted (out of descriptors, say): the listener itself goes on. */
  failed(error: Error): void;
}

/** Rejects with NodeError (PORT_IN_USE, BIND_FAILED) and leaves nothing listening then. */
export async function listenOnAll(
  addresses: readonly ListenAddress[],
  port: number,
  backlog: number,
  events: ListenEvents,
): Promise<Server[]> {
  const servers: Server[] = [];
  let skipped: NodeError | null = null;
  for (const { host, optional } of addresses) {
    try {
      servers.push(await listenOn(host, port, backlog, events));
    } catch (error) {
      if (!(error instanceof NodeError) || !optional || !isMissing(error)) {
        for (const server of servers) server.close();
        throw error;
      }
      skipped = error;
    }
  }
  if (servers.length > 0) return servers;
  throw skipped ?? new NodeError("BIND_FAILED", "no address to listen on is configured");
}

function listenOn(
  host: string,
  port: number,
  backlog: number,
  events: ListenEvents,
): Promise<Server> {
  // Nothing is read before readingShared() has decided how.
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, pauseOnConnect: true },
    (socket) => events.accept(readingShared(socket)),
  );
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) => {
      const code = errnoOf(cause) === "EADDRINUSE" ? "PORT_IN_USE" : "BIND_FAILED";
      const why = code === "PORT_IN_USE" ? "is in use" : `cannot be used (${errnoOf(cause)})`;
      reject(new NodeError(code, `client address ${host} port ${port} ${why}`, cause));
    };
    server.once("error", refuse);
    server.listen({ host, port, backlog, ipv6Only: host.includes(":") }, () => {
      server.off("error", refuse);
      server.on("error", (error) => events.failed(error));
      resolve(server);
    });
  });
}

/** This machine does not have the address, or not its family. */
function isMissing(error: NodeError): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(errnoOf(error.cause));
}
