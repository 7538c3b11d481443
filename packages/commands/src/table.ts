/** The one table: every row of every family. */

import { CommandTable } from "./command-table.js";
import { connectionRows } from "./connection/rows.js";
import { clientRows } from "./elsewhere/client.js";
import { clusterRows } from "./elsewhere/cluster.js";
import { persistenceRows } from "./elsewhere/persistence.js";
import { serverRows } from "./elsewhere/server.js";
import { sessionRows } from "./elsewhere/session.js";
import { functionRows } from "./functions/rows.js";
import { genericRows } from "./generic/rows.js";
import { hashRows } from "./hashes/rows.js";
import { introspectionRows } from "./introspection/command.js";
import { blockingListRows } from "./lists/blocking.js";
import { listRows } from "./lists/rows.js";
import { pubSubRows } from "./pubsub/rows.js";
import { defineRow } from "./row.js";
import { setRows } from "./sets/rows.js";
import { blockingSortedSetRows } from "./sorted-sets/blocking.js";
import { sortedSetRows } from "./sorted-sets/rows.js";
import { streamRows } from "./streams/rows.js";
import { stringRows } from "./strings/rows.js";

export const commandTable: CommandTable = new CommandTable(
  [
    ...stringRows,
    ...listRows,
    ...blockingListRows,
    ...hashRows,
    ...setRows,
    ...sortedSetRows,
    ...blockingSortedSetRows,
    ...streamRows,
    ...genericRows,
    ...pubSubRows,
    ...functionRows,
    ...connectionRows,
    ...introspectionRows(() => commandTable),
    ...sessionRows,
    ...clientRows,
    ...clusterRows,
    ...serverRows,
    ...persistenceRows,
  ].map((spec) => defineRow(spec)),
);
