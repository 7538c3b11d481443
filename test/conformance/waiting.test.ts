/** Clients that wait for lists, sorted sets and streams, beside a real redis-server. */

import { compareConnections } from "./support/compare-connections.js";
import { WaitingCommands, waitersCount, waitingKeys } from "./support/waiting-commands.js";

compareConnections({
  family: "waiting clients",
  connections: waitersCount + 1,
  sequenceLength: 120,
  keys: waitingKeys,
  source: (random) => new WaitingCommands(random),
  servedShare: 1 / 50,
});
