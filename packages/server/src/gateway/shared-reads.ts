/**
 * Sockets of clients, read into one buffer that all of them share.
 *
 * Otherwise every read allocates 64 KiB, gives back what a request of 100 bytes leaves of them, and makes an ArrayBuffer
 * of the rest that the garbage collector looks after. Node's way around it is the option `onread` of `net.Socket`; but of
 * sockets that a server accepts, Node makes the objects, and has no way to pass it one. So the connection's handle is
 * moved to a Socket made here, by its option `handle`, which is what `net.Server` itself and `child_process` use and the
 * documentation does not mention. Where there is no such handle the socket is used as it came.
 *
 * Chunks are copies: requests are views of them and outlive the read. Small ones share slabs of Node's pool.
 */

import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import { readBytesMax } from "./constants.js";

/** Read by one socket at a time, within a callback of the event loop. */
const shared = Buffer.allocUnsafeSlow(readBytesMax);

/** What moves from one Socket to another. */
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
      callback(count, buffer) {
        socket.emit("data", Buffer.from(buffer.subarray(0, count)));
        return true;
      },
    },
  };
  const socket = new Socket(options);
  return socket;
}

function isHandle(handle: unknown): handle is Handle {
  if (typeof handle !== "object" || handle === null) return false;
  return (["readStart", "readStop", "useUserBuffer"] satisfies (keyof Handle)[]).every(
    (name) => typeof Reflect.get(handle, name) === "function",
  );
}
