/** The state gives way to a snapshot's. */

import { type Keyspace, STORE } from "../keyspace.js";

/**
 * All keys, libraries and the log time become those of `loaded`, at once and without undo; `loaded` is not used any more. Every
 * watched key counts as changed; sessions, blocked clients and subscribers are the caller's to tell.
 */
export function replaceState(keyspace: Keyspace, loaded: Keyspace): void {
  keyspace[STORE].attach(loaded[STORE].contents);
  keyspace[STORE].libraries = loaded[STORE].libraries;
  keyspace.logTimeMs = loaded.logTimeMs;
}
