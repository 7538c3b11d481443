/** A round trip of its own: runs delay-proxy/delay-proxy.c between the load generator and a server. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { builtProgram } from "./native-program.js";

export interface DelayProxy {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Half of the round trip is added to each direction. */
export async function startDelayProxy(port: number, roundTripMs: number): Promise<DelayProxy> {
  const delayUs = Math.round((roundTripMs * 1000) / 2);
  const child = spawn(builtProgram("delay-proxy"), [String(port), String(delayUs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), closed]);
  const ownPort = Number(line);
  if (!(ownPort > 0) || child.pid === undefined) throw new Error("the delay proxy did not start");
  return {
    port: ownPort,
    pid: child.pid,
    // It ends with its standard input, also when this process is killed.
    stop: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
