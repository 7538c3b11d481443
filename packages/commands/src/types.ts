/**
 * The words of a command's row. A row is everything the rest of the system may know about a command:
 * routing, hazards, ACL categories, COMMAND and the reference docs are derived from it, never from
 * the handler.
 */

import type { Txn, TypeName, Value } from "@redoubt/keyspace";
import type { ReplyWriter } from "@redoubt/resp";

/** What a blocking command waits for that found nothing. */
export interface BlockRequest {
  /** It may find something when one of these is touched. */
  readonly keys: readonly string[];
  /** A key that holds another type, or nothing, is not worth a look; null: any change is. */
  readonly type: TypeName | null;
  /** Whether a key that was touched is worth a look as it is now, undefined: missing. Left out: it is. */
  readonly mayServe?: (value: Value | undefined) => boolean;
  /** Milliseconds; 0: for ever. */
  readonly timeoutMs: number;
  /** What is executed next time, where that is not the request itself: XREAD's `$` is the id of now. */
  readonly argv?: readonly Buffer[];
}

/**
 * What a handler sees of the world. One object per executor, refilled for each command.
 * `argv` elements are views, valid for the turn; the keyspace copies what it keeps.
 */
export interface CommandContext {
  argv: readonly Buffer[];
  readonly txn: Txn;
  reply: ReplyWriter;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The node's wall clock in ms, for TIME only: everything else asks `txn.nowMs`. */
  readonly wallMs: () => number;
  /** How many times a message in this channel would be heard by clients of this node. */
  readonly subscribers: (channel: string, sharded: boolean) => number;
  /**
   * For a blocking command that found nothing: it waits, and is executed again from the start when it may find
   * something; no reply is written then. Null: it may not wait (inside EXEC, or its time is over) and replies
   * what it would when its time is over.
   */
  block: ((request: BlockRequest) => void) | null;
  /** It has waited, and its time is over: some replies differ from those inside EXEC. */
  timedOut: boolean;
}

/** Synchronous; parses, checks, mutates through `txn`, writes exactly one reply (none: it asked to block). */
export type Handler = (context: CommandContext) => void;

/** Redis's names, as COMMAND INFO prints them. */
export type CommandFlag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "asking"
  | "fast"
  | "no_auth"
  | "may_replicate"
  | "no_async_loading"
  | "no_multi"
  | "movablekeys"
  | "allow_busy";

/** ACL categories without the leading @, in the order in which Redis lists them. */
export const aclCategoryNames = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
] as const;
export type AclCategory = (typeof aclCategoryNames)[number];

/** Redis's key specification flags: what the command does with the key and with its value. */
export type KeyFlag =
  | "RO"
  | "RW"
  | "OW"
  | "RM"
  | "access"
  | "update"
  | "insert"
  | "delete"
  | "not_key"
  | "incomplete"
  | "variable_flags";

/**
 * Where the first key of a specification is looked for. `startFrom` negative: from the end. unknown: no rule
 * of Redis says it; `position` does (0: no key), or is null when the key is in no argument at all. Beside a
 * keyword it says what the keyword alone gets wrong, when it stands for something else before.
 */
export type KeyBegin =
  | { readonly type: "index"; readonly index: number }
  | {
      readonly type: "keyword";
      readonly keyword: string;
      readonly startFrom: number;
      readonly position?: (argv: readonly Buffer[]) => number;
    }
  | {
      readonly type: "unknown";
      readonly position: ((argv: readonly Buffer[]) => number) | null;
    };

/**
 * How many keys follow. range: `lastKey` is relative to the first, negative counts from the end of
 * argv, and with -1 a `limit` of 2 or more stops after that fraction of what is left. keynum: the count
 * is an argument at `keyNumIndex`, the keys start at `firstKey`, both relative to the beginning. unknown: one.
 */
export type KeyFind =
  | {
      readonly type: "range";
      readonly lastKey: number;
      readonly keyStep: number;
      readonly limit: number;
    }
  | {
      readonly type: "keynum";
      readonly keyNumIndex: number;
      readonly firstKey: number;
      readonly keyStep: number;
    }
  | { readonly type: "unknown" };

export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly notes: string | null;
  readonly begin: KeyBegin;
  readonly find: KeyFind;
}

export type CommandGroup =
  | "bitmap"
  | "cluster"
  | "connection"
  | "generic"
  | "geo"
  | "hash"
  | "hyperloglog"
  | "list"
  | "pubsub"
  | "scripting"
  | "server"
  | "set"
  | "sorted-set"
  | "stream"
  | "string"
  | "transactions";

/**
 * data: `execute` runs in the replica's executor. session: the replica's session does it (MULTI,
 * WATCH, WAIT...). host: the server does it (AUTH, CLIENT, CONFIG, INFO...).
 */
export type Executor = "data" | "session" | "host";

/**
 * What a reply reveals. keys: something about the keys its key specifications name. wholeKeyspace:
 * possibly about any key. noKeyspace: nothing; it runs anywhere, at once.
 */
export type Visibility = "keys" | "wholeKeyspace" | "noKeyspace";

export interface Deprecation {
  readonly since: string;
  readonly replacedBy: string;
}

export interface CommandRow {
  /** Lower case, without the container: "list". */
  readonly name: string;
  /** With the container: "client|list". */
  readonly fullName: string;
  /** Arguments with the name (and the container's name); negative: at least so many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** Without @, in Redis's order; those that follow from flags included. */
  readonly aclCategories: readonly AclCategory[];
  readonly keySpecs: readonly KeySpec[];
  /** What this very request does with its keys, where the specification says variable_flags. */
  readonly keyFlags: ((argv: readonly Buffer[]) => readonly KeyFlag[]) | null;
  /** Redis's hints to clients that route or merge, e.g. "request_policy:multi_shard". */
  readonly tips: readonly string[];
  readonly summary: string;
  readonly since: string;
  readonly group: CommandGroup;
  readonly complexity: string;
  /** The arguments in the notation of introspection/syntax.ts. */
  readonly syntax: string;
  readonly deprecated: Deprecation | null;
  readonly executor: Executor;
  /** Not null exactly when `executor` is data and the row is not only a container. */
  readonly execute: Handler | null;
  readonly visibility: Visibility;
  /** It leaves an effect: the leader's alone. */
  readonly isWrite: boolean;
  /** Position of the argument whose slot a redirect names, though it is no key; 0: none. */
  readonly slotArgument: number;
  /** It may wait for a key (CommandContext.block). */
  readonly isBlocking: boolean;
  readonly denyOom: boolean;
  readonly subcommands: ReadonlyMap<string, CommandRow> | null;
}
