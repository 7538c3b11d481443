/** Questions to a node over plain sockets. Every answer is bounded in time; silence is an answer too. */

import { connect, createServer } from "node:net";

const host = "127.0.0.1";

/** Whether this port is free to listen on. */
export function portIsFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * "leader": it answers a linearizable read, so it leads and serves. "follower": it names another node.
 * "starting": anything else, or nothing, within `timeoutMs`.
 */
export async function roleOf(port, password, timeoutMs) {
  const commands = [];
  if (password !== "") commands.push(["AUTH", password]);
  commands.push(["EXISTS", "redoubt"]);
  const lines = await ask(port, commands, timeoutMs);
  const answer = lines[commands.length - 1] ?? "";
  if (answer.startsWith(":")) return "leader";
  return answer.startsWith("-MOVED") ? "follower" : "starting";
}

/** First reply lines, as many as came in time. Only for commands whose replies are one line. */
function ask(port, commands, timeoutMs) {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect({ host, port });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    const lines = () => received.split("\r\n").slice(0, -1);
    socket.on("connect", () => socket.write(commands.map(encode).join("")));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (lines().length >= commands.length) socket.destroy();
    });
    // Refused or reset: the node is not up. 'close' follows and gives what came.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(lines());
    });
  });
}

function encode(words) {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join("")}`;
}
