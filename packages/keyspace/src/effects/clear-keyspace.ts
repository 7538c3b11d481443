/** The state gives way to a snapshot's. */

import { type Keyspace, STORE } from "../keyspace.js";
import * as mutations from "./mutations.js";

/** Takes all keys away, without undo, and log time with them. Watchers are the caller's to tell. */
export function clearKeyspace(keyspace: Keyspace): void {
  mutations.flushAll(keyspace[STORE], null);
  keyspace.logTimeMs = 0;
}
