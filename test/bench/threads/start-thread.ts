/** Threads that run a TypeScript source of this folder, and messages to and from them. */

import { type MessagePort, Worker } from "node:worker_threads";

export function startThread(file: string): Worker {
  const body = new URL(file, import.meta.url).href;
  const source = `import("tsx/esm/api").then(({ register }) => {
    register();
    return import(${JSON.stringify(body)});
  });`;
  return new Worker(source, { eval: true, execArgv: ["--conditions=redoubt-source"] });
}

/** Resolves with what the thread says next. */
export function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Hands over a copy: the memory that is sent moves, and a packer's is used again. */
export function sendCopy(port: Worker | MessagePort, bytes: Uint8Array): void {
  const copy = new Uint8Array(bytes);
  port.postMessage(copy.buffer, [copy.buffer]);
}
