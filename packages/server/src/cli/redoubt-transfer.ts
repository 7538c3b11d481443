/** redoubt transfer: another node leads, without an outage. */

import { nodeIdMax } from "../config/constants.js";
import { ClusterClient } from "./redoubt-client.js";
import { leadersStatus } from "./redoubt-cluster-status.js";
import { waitSecondsMax } from "./redoubt-constants.js";
import { integerIn, parseCommand } from "./redoubt-options.js";
import { ErrorReply } from "./redoubt-replies.js";
import { CliError, ExitCode, type Subcommand, usageError } from "./redoubt-terminal.js";
import { waitFor } from "./redoubt-wait.js";

/** Seconds. A transfer is given up after one election timeout; the rest is for finding who leads then. */
const timeoutSecondsDefault = 30;

export const transfer: Subcommand = {
  usage: ["transfer [ID] [--no-wait] [--timeout SECONDS]"],
  summary: "Hands leadership to that member, or to the one that lacks least.",
  async run(argv, terminal) {
    const own = { wait: { type: "boolean", default: true }, timeout: { type: "string" } } as const;
    const command = parseCommand(argv, own, terminal);
    const { positionals } = command;
    if (positionals.length > 1) throw usageError("it is: transfer [ID]");
    const [id] = positionals;
    const target = id === undefined ? 0 : integerIn(id, "a member's id", 1, nodeIdMax);
    const timeoutSeconds = command.integer("timeout", 1, waitSecondsMax) ?? timeoutSecondsDefault;
    const client = new ClusterClient(command.target);
    try {
      const before = await leadersStatus(client);
      const reply = await client.askLeader([
        "REDOUBT",
        "TRANSFER",
        ...(target === 0 ? [] : [`${target}`]),
      ]);
      if (reply instanceof ErrorReply) {
        const refused = reply.code === "REFUSED";
        throw new CliError(
          refused ? "REFUSED" : "ERROR_REPLY",
          reply.text.replace(/^REFUSED TRANSFER /, ""),
        );
      }
      if (!command.flag("wait")) {
        terminal.out(
          command.json ? JSON.stringify({ done: false }) : "leadership is being handed over",
        );
        return ExitCode.ok;
      }
      const after = await waitFor(client, terminal, {
        timeoutSeconds,
        onTimeout: "leadership is being handed over",
        look: ({ leader, role, term, transferring }) => {
          if (leader !== 0 && term > before.term) return "";
          if (role === "leader" && term === before.term && !transferring) {
            throw new CliError(
              "GIVEN_UP",
              `node ${leader} leads on: the other one did not take over`,
            );
          }
          return "the next leader is not known yet";
        },
      });
      if (target === 0 ? after.leader === before.leader : after.leader !== target) {
        throw new CliError("GIVEN_UP", `node ${after.leader} was elected instead`);
      }
      const { leader, term } = after;
      terminal.out(
        command.json
          ? JSON.stringify({ done: true, leader, term })
          : `node ${leader} leads (term ${term})`,
      );
      return ExitCode.ok;
    } finally {
      client.close();
    }
  },
};
