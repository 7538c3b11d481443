/** What the clients of a run do, what is read when all is over, and who judges it. */

import type { Checker } from "../checkers/verdict.js";
import type { Json } from "../history/event.js";
import type { Random } from "../random.js";
import type { Reply } from "../resp/resp-client.js";
import type { Client } from "./client.js";

/** What a workload may know of what it runs on. */
export interface Setting {
  readonly nodes: readonly number[];
  readonly random: Random;
}

export interface ClientPlan {
  /** One operation, or none. Never throws NotDone: `Client.operate` has dealt with it. */
  readonly step: (client: Client) => Promise<void>;
  /** Milliseconds between two steps. */
  readonly pauseMs: number;
  /** A node's id: reads there, under READONLY, whoever leads. */
  readonly pinnedTo?: number;
  /** Takes a new connection now and then, and so finds a new leader while others still talk to the old one. */
  readonly roams?: boolean;
  /** A channel to hear; each message is recorded as `heard`. `step` only keeps the connection up. */
  readonly subscribesTo?: string;
}

/** Asked of every node when nothing moves any more; recorded as `final-read`. */
export interface FinalRead {
  readonly key: string;
  /** In one pipeline. */
  readonly commands: readonly (readonly string[])[];
  readonly value: (replies: readonly Reply[]) => Json;
}

export interface WorkloadRun {
  readonly clients: readonly ClientPlan[];
  /** Commands, before anything is recorded. */
  readonly prepare?: readonly (readonly string[])[];
  /** Operations through the leader when all faults are over, one after the other, each until it is `ok`. */
  readonly closing?: () => readonly ((client: Client) => Promise<boolean>)[];
  readonly finalReads: () => readonly FinalRead[];
  readonly checkers: readonly Checker[];
}

export interface Workload {
  /** As on the command line. */
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  start(setting: Setting): WorkloadRun;
}
