/** Run as a process of its own: it must end by itself once its transports are closed. */

import { heartbeat, startCluster, stopAll, until } from "./nodes.js";

const nodes = await startCluster(3, { secret: Buffer.from("secret") });
nodes[0]?.transport.send(heartbeat(1, 2, 1));
await until(() => nodes[1]?.received.length === 1);
await stopAll(nodes);
