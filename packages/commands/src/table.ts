/** The one table: every row of every family. */

import { CommandTable } from "./command-table.js";
import { clientRows } from "./elsewhere/client.js";
import { clusterRows } from "./elsewhere/cluster.js";
import { serverRows } from "./elsewhere/server.js";
import { sessionRows } from "./elsewhere/session.js";
import { defineRow } from "./row.js";

export const commandTable: CommandTable = new CommandTable(
  [...sessionRows, ...clientRows, ...clusterRows, ...serverRows].map((spec) => defineRow(spec)),
);
