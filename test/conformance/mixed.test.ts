/** All families on the same keys, with transactions, beside a real redis-server. */

import { compareConnections } from "./support/compare-connections.js";
import { MixedCommands, mixedKeys } from "./support/mixed-commands.js";

compareConnections({
  family: "all types on the same keys",
  connections: 2,
  sequenceLength: 250,
  keys: mixedKeys,
  source: (random) => new MixedCommands(random),
});
