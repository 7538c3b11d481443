/**
 * Sockets of clients, read into one buffer that all of them share.
 *
 * Otherwise every read allocates 64 KiB, gives back what a request of 100 bytes leaves of them, and makes an ArrayBuffer
 * of the rest that the garbage collector looks after. Node's way around it is the option `onread` of `net.Socket`; but of
 * sockets that a server accepts, Node makes the objects, and has no way to pass it one. So the connection's handle is
 * moved to a Socket made here, by its option `handle`, which is what `net.Server` itself and `child_process` use and the
 * documentation does not mention. Where there is no such handle the socket is used as it came.
 *
 * Chunks are copies: requests are views of them and outlive the read. Small ones share slabs, which nothing else is in:
 * from Node's own pool also comes what is kept for long, and every piece of it would keep a slab of chunks alive. Of a
 * chunk that waits the same is true, so whoever lets one wait gives it memory of its own.
 */

import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import { chunkSlabBytes, chunkSlabShareMax, readBytesMax } from "./constants.js";

/** Read by one socket at a time, within a callback of the event loop. */
const shared = Buffer.allocUnsafeSlow(readBytesMax);

/** Where the next small chunks go. */
let slab = Buffer.allocUnsafeSlow(chunkSlabBytes);
let slabUsed = 0;

/** What `onread` needs of it. */
interface Handle {
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
}

/**
 * `accepted` by a server with `pauseOnConnect`, with nothing read and no listeners yet. Returns the one to use in its
 * place, half-open allowed, which emits what every Socket does; it reads from now on, and what comes while nobody listens
 * to `data` is dropped. The server no longer counts it among its connections: it is the caller's to end.
 */
export function readingShared(accepted: Socket): Socket {
  const handle: unknown = Reflect.get(accepted, "_handle");
  if (!isHandle(handle)) {
    accepted.resume();
    return accepted;
  }
  Reflect.set(accepted, "_handle", null);
  // For the server it is over, for its socket, too.
  accepted.destroy();
  const options: SocketConstructorOpts & { handle: Handle; onread: OnReadOpts } = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: shared,
      // Not before the event loop's next look at the sockets: there is a `socket` by then.
      callback(count, buffer) {
        socket.emit("data", copyOf(buffer.subarray(0, count)));
        return true;
      },
    },
  };
  const socket = new Socket(options);
  return socket;
}

/** The chunk, or one of the same bytes that keeps no others in memory: one that has to wait. */
export function alone(chunk: Buffer): Buffer {
  if (chunk.length === chunk.buffer.byteLength) return chunk;
  const own = Buffer.allocUnsafeSlow(chunk.length);
  own.set(chunk);
  return own;
}

function copyOf(bytes: Uint8Array): Buffer {
  const copy = room(bytes.length);
  copy.set(bytes);
  return copy;
}

function room(count: number): Buffer {
  if (count > chunkSlabShareMax) return Buffer.allocUnsafeSlow(count);
  if (slabUsed + count > slab.length) {
    slab = Buffer.allocUnsafeSlow(chunkSlabBytes);
    slabUsed = 0;
  }
  const chunk = slab.subarray(slabUsed, slabUsed + count);
  slabUsed += count;
  return chunk;
}

function isHandle(handle: unknown): handle is Handle {
  if (typeof handle !== "object" || handle === null) return false;
  return (["readStart", "readStop", "useUserBuffer"] satisfies (keyof Handle)[]).every(
    (name) => typeof Reflect.get(handle, name) === "function",
  );
}
