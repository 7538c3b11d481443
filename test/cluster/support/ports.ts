/**
 * Loopback ports for processes. Below the range that systems give away by themselves (from 32768 on Linux, 49152
 * elsewhere): a port asked for there may be another test's by the time its process listens on it.
 */

import { once } from "node:events";
import { createServer } from "node:net";

/** First and number of ports; a run of tests begins anywhere among them and takes one after the other. */
const firstPort = 12_000;
const portsCount = 20_000;

/** Of a node's port for peers from that for clients: the launcher's own. */
export const peerPortOffset = 10_000;

let next = Math.floor(Math.random() * portsCount);

/** Ports nobody listens on at the moment of asking, and nobody gets without asking for them by number. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let looked = 0; ports.length < count; looked++) {
    if (looked === portsCount) throw new Error(`there are no ${count} free ports`);
    const port = firstPort + next;
    next = (next + 1) % portsCount;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** First of `count` consecutive ports, as free as those, with as many `peerPortOffset` above. */
export async function freeRange(count: number): Promise<number> {
  for (let looked = 0; looked < portsCount; looked++) {
    const base = firstPort + (next % (portsCount - peerPortOffset - count));
    next = (next + count) % portsCount;
    const clients = Array.from({ length: count }, (_, at) => base + at);
    const ports = [...clients, ...clients.map((port) => port + peerPortOffset)];
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error(`there are no ${count} free ports in a row`);
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
  server.close();
  await once(server, "close");
  return true;
}
