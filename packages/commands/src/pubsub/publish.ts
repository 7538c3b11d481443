/**
 * PUBLISH and SPUBLISH. A message goes through the log in its place among the writes, and is heard on every
 * node when it is committed (docs/decisions: "Messages are committed").
 * Differs from Redis: it is a write, for its reply says that the message is durable on a majority.
 */

import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";

export function publish(context: CommandContext): void {
  say(context, false);
}

export function spublish(context: CommandContext): void {
  say(context, true);
}

/** Answers how many would hear it on this node now. */
function say({ argv, txn, reply, subscribers }: CommandContext, sharded: boolean): void {
  const channel = latin1(argv[1]!);
  txn.publish(channel, argv[2]!, sharded);
  reply.integer(subscribers(channel, sharded));
}
