/**
 * The replica's Host: runs the rows about connections, configuration, cluster and process. What each
 * needs comes in `HostServices`; this file only knows which handler belongs to which row.
 */

import type { CommandRow } from "@redoubt/commands";
import type { Host, Session } from "@redoubt/replica";
import { assert } from "../gateway/assert.js";
import { auth, hello, initiallyAuthenticated } from "./auth-commands.js";
import {
  clientGetName,
  clientHelp,
  clientId,
  clientNoEvict,
  clientNoTouch,
  clientReply,
  clientSetInfo,
  clientSetName,
  clientUnblock,
} from "./client-commands.js";
import { clientInfo, clientKill, clientList } from "./client-list.js";
import {
  clusterEpoch,
  clusterFailover,
  clusterForget,
  clusterMeet,
  clusterReplicas,
  clusterReplicate,
  clusterReset,
  clusterSaveConfig,
  clusterSlotChange,
} from "./cluster-changes.js";
import {
  clusterCountKeysInSlot,
  clusterGetKeysInSlot,
  clusterHelp,
  clusterInfo,
  clusterKeySlot,
  clusterMyId,
  clusterNodes,
  clusterShards,
  clusterSlots,
} from "./cluster-commands.js";
import {
  configGet,
  configHelp,
  configResetStat,
  configRewrite,
  configSet,
} from "./config-commands.js";
import { info } from "./info.js";
import { bgRewriteAof, bgSave, lastSave, save } from "./persistence-commands.js";
import { redoubtHelp, redoubtMember, redoubtTransfer } from "./redoubt-commands.js";
import { redoubtLog, redoubtSnapshot } from "./redoubt-copy-commands.js";
import { redoubtStatus } from "./redoubt-status.js";
import {
  debugDigestCommand,
  debugSleep,
  debugStateDigest,
  role,
  shutdown,
} from "./server-commands.js";
import { connectionOf, type HostHandler, type HostServices } from "./services.js";

/** By the row's full name. A test holds it against the command table: every host row has its handler. */
export const hostHandlers: ReadonlyMap<string, HostHandler> = new Map<string, HostHandler>([
  ["auth", auth],
  ["hello", hello],
  ["client|id", clientId],
  ["client|getname", clientGetName],
  ["client|setname", clientSetName],
  ["client|setinfo", clientSetInfo],
  ["client|list", clientList],
  ["client|info", clientInfo],
  ["client|kill", clientKill],
  ["client|no-evict", clientNoEvict],
  ["client|no-touch", clientNoTouch],
  ["client|reply", clientReply],
  ["client|unblock", clientUnblock],
  ["client|help", clientHelp],
  ["config|get", configGet],
  ["config|set", configSet],
  ["config|resetstat", configResetStat],
  ["config|rewrite", configRewrite],
  ["config|help", configHelp],
  ["cluster|slots", clusterSlots],
  ["cluster|shards", clusterShards],
  ["cluster|nodes", clusterNodes],
  ["cluster|info", clusterInfo],
  ["cluster|myid", clusterMyId],
  ["cluster|keyslot", clusterKeySlot],
  ["cluster|countkeysinslot", clusterCountKeysInSlot],
  ["cluster|getkeysinslot", clusterGetKeysInSlot],
  ["cluster|failover", clusterFailover],
  ["cluster|forget", clusterForget],
  ["cluster|replicas", clusterReplicas],
  ["cluster|slaves", clusterReplicas],
  ["cluster|saveconfig", clusterSaveConfig],
  ["cluster|meet", clusterMeet],
  ["cluster|replicate", clusterReplicate],
  ["cluster|reset", clusterReset],
  ["cluster|set-config-epoch", clusterEpoch],
  ["cluster|bumpepoch", clusterEpoch],
  ["cluster|addslots", clusterSlotChange],
  ["cluster|addslotsrange", clusterSlotChange],
  ["cluster|delslots", clusterSlotChange],
  ["cluster|delslotsrange", clusterSlotChange],
  ["cluster|flushslots", clusterSlotChange],
  ["cluster|setslot", clusterSlotChange],
  ["cluster|help", clusterHelp],
  ["redoubt|status", redoubtStatus],
  ["redoubt|member", redoubtMember],
  ["redoubt|transfer", redoubtTransfer],
  ["redoubt|snapshot", redoubtSnapshot],
  ["redoubt|log", redoubtLog],
  ["redoubt|help", redoubtHelp],
  ["info", info],
  ["role", role],
  ["shutdown", shutdown],
  ["bgrewriteaof", bgRewriteAof],
  ["bgsave", bgSave],
  ["lastsave", lastSave],
  ["save", save],
  ["debug|sleep", debugSleep],
  ["debug|digest", debugDigestCommand],
  ["debug|statedigest", debugStateDigest],
]);

export class ServerHost implements Host {
  readonly #services: HostServices;

  constructor(services: HostServices) {
    this.#services = services;
  }

  execute(row: CommandRow, session: Session, argv: readonly Buffer[]): void {
    const handler = hostHandlers.get(row.fullName);
    assert(handler !== undefined, "every host row has a handler");
    handler(this.#services, session, argv);
  }

  initiallyAuthenticated(): boolean {
    return initiallyAuthenticated(this.#services);
  }

  /** RESET: what the host keeps of a connection. The library's name and version stay, as in Redis. */
  reset(session: Session): void {
    const connection = connectionOf(session);
    connection.name = "";
    connection.noEvict = false;
    session.authenticated = initiallyAuthenticated(this.#services);
  }
}
