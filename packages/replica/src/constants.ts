/** Every limit of one node's turn, in one place: unit in the name, reason beside it. */

import { assert } from "./assert.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** An entry's payload never exceeds this: what log and transport are built and tested for. */
export const ENTRY_BYTES_MAX = 80 * MIB;

/** An open batch is sealed as soon as it holds this much: one sync and one frame stay short. */
export const BATCH_BYTES_MAX = 1 * MIB;

/** Effects of one command or one EXEC: checked while it can still be undone. */
export const COMMAND_EFFECT_BYTES_MAX = 78 * MIB;

/**
 * Looks (turns by setImmediate) an open batch waits for arrivals to pause once the previous batch is
 * durable. Measured on the prototype (design, section 10, rule 6): 1.26 times the throughput of none.
 */
export const SEAL_LOOKS_MAX = 20;

/**
 * Committed entries that a follower leaves unapplied while its leader waits for its disk. A few syncs' worth: reads of
 * followers, and what they have to do when they become leaders, stay that close.
 */
export const APPLY_BEHIND_ENTRIES_MAX = 8;

/** And for how long it does, when the disk stands still. Many syncs' time, and nothing that a reader would notice. */
export const APPLY_BEHIND_MS_MAX = 10;

/**
 * How long a commit waits for an append that tells followers of it. Longer than clients that wait for each reply need
 * to send the next command, shorter than anybody sees: reads of followers are that much older.
 */
export const COMMIT_DELAY_MS = 2;

/**
 * How long followers that no quorum needs wait for entries, which then come several at a time. A few entries' time under
 * load; reads of such a follower, and what it lacks when it is needed, are that much older.
 */
export const RESERVE_DELAY_MS = 10;

/**
 * How long an entry or a read round waits for the followers that are asked first before the others are, too. Longer than
 * most take, shorter than a pause that a client would notice.
 */
export const RESERVE_LATE_MS = 4;

/**
 * Uncommitted payload above which the leader executes nothing new, unless it is told another number. Memory
 * stays flat when followers stall.
 */
export const IN_FLIGHT_BYTES_MAX = 64 * MIB;

/** Sealed but uncommitted batches above which the leader executes nothing new, unless it is told another number. */
export const IN_FLIGHT_BATCHES_MAX = 1024;
/** The most it may be told: some hundred bytes each, and as many acknowledgements. */
export const IN_FLIGHT_BATCHES_CEILING = 65_536;

/**
 * What undo keeps alive above which the leader executes nothing new. Effects of a few bytes can pin large
 * values: DEL keeps the whole value it took away.
 */
export const IN_FLIGHT_UNDO_BYTES_MAX = 256 * MIB;

/** Request bytes a MULTI may queue: what could not become one entry anyway is not kept. */
export const MULTI_QUEUED_BYTES_MAX = 96 * MIB;
/** What a kept argument costs besides its bytes (a Buffer and its backing store's share). */
export const ARGUMENT_OVERHEAD_BYTES = 96;

/** Held-back reply bytes of one connection above which its further requests wait. */
export const SESSION_WAITING_BYTES_MAX = 1 * MIB;

/**
 * Bytes of one connection's requests that are kept because their replies wait, above which its further
 * requests wait: a SETNX of a megabyte that does nothing answers with four bytes and is no part of the
 * in-flight window. Many pipelines' worth, so that large values still stream.
 */
export const SESSION_WAITING_REQUEST_BYTES_MAX = 8 * MIB;

/** Records of waiting replies whose memory an idle connection keeps: a pipeline's, some three kilobytes. */
export const KEPT_RECORDS_MAX = 64;

/** Unexecuted request bytes of one connection above which its socket is paused; resumed at half. */
export const SESSION_QUEUED_BYTES_MAX = 1 * MIB;

/** Commands one connection executes before the others have their go. */
export const COMMANDS_PER_SESSION_MAX = 512;

/** Commands of one turn: peers' messages and heartbeats wait no longer than these take. */
export const COMMANDS_PER_TURN_MAX = 8192;

/** How often, in commands, a turn looks at the clock to see whether it has run for too long. */
export const CLOCK_CHECK_COMMANDS = 64;

/**
 * A page of committed entries, in payload bytes. A node that replayed 4 MiB a turn spent 80 to 490 ms in
 * each, one after the other, and elections failed for as long as it lasted.
 */
export const APPLY_PAGE_BYTES = 256 * KIB;
/** Pages applied in one turn while a node catches up, and for how long. */
export const APPLY_PAGES_PER_TURN_MAX = 4;
export const APPLY_MS_PER_TURN_MAX = 10;

/** Read confirmation rounds under way at once; later reads share the next. */
export const READ_ROUNDS_IN_FLIGHT_MAX = 4;
/**
 * A round begins beside one that is under way when the newest began so long ago, and is held no longer for arrivals to
 * pause: milliseconds. Within a rack and zone a round is over before; while four are under way, a read waits for the first.
 */
export const READ_ROUND_INTERVAL_MS = 1;
/** Looks (turns by setImmediate) that a round waits for arrivals to pause. */
export const READ_LOOKS_MAX = SEAL_LOOKS_MAX;

/**
 * Share of the lease's drift allowance (drift bound x election timeout) by which wall and monotonic clock may
 * move against each other before the lease is void. The reference is renewed once an election timeout, so two
 * unseen moves may fall into one lease: together they stay below the allowance.
 */
export const LEASE_CLOCK_JUMP_SHARE = 0.4;

/**
 * Wall and monotonic clock that move against each other by more between two looks are told of: milliseconds.
 * Slewing and leap seconds stay below it.
 */
export const WALL_CLOCK_JUMP_MS_MIN = 1000;

/** A command waits this many election timeouts for a leader before it gets CLUSTERDOWN. */
export const HOLD_ELECTION_TIMEOUTS = 2;

/** Active expiry begins this many cycles a second (Redis: `hz`, whose default is 10). */
export const EXPIRY_CYCLES_PER_SECOND = 10;
/** `active-expire-effort` (redis.conf). */
export const EXPIRY_EFFORT_MIN = 1;
export const EXPIRY_EFFORT_MAX = 10;
/** Keys of one sample at the least effort; each step of effort adds a quarter (Redis: expire.c). */
export const EXPIRY_SAMPLE_KEYS = 20;
/** A cycle samples again while more of a sample was expired; each step of effort takes off one. */
export const EXPIRY_STALE_PERCENT = 10;
/** Share of the time that cycles may take at the least effort; each step of effort adds two. */
export const EXPIRY_TIME_PERCENT = 25;
export const EXPIRY_TIME_PERCENT_STEP = 2;
/**
 * A short cycle, behind one that ran out of time, takes this many milliseconds at the least effort, each step of
 * effort adds a quarter; then it rests as long (Redis: expire.c, ACTIVE_EXPIRE_CYCLE_FAST_DURATION).
 */
export const EXPIRY_FAST_MS = 1;
export const EXPIRY_FAST_MS_STEP = 0.25;
/** How long a cycle goes on in one turn: clients and heartbeats wait no longer. The rest comes in the next turns. */
export const EXPIRY_MS_PER_TURN_MAX = 2;
/** Samples of one turn: a bound that no clock has a part in. Some milliseconds' worth. */
export const EXPIRY_SAMPLES_PER_TURN_MAX = 128;
/** Weight of the newest cycle in `expired_stale_perc` (Redis: expire.c). */
export const EXPIRY_STALE_AVERAGE_WEIGHT = 0.05;

/** What a subscription costs besides its name: its places in two tables, and the tables' share. */
export const SUBSCRIPTION_BYTES = 256;

/** Message bytes that are held by reference in all its readers' output: one copy for all of them. */
export const MESSAGE_SHARED_BYTES_MIN = 16 * KIB;

/** What a committed message that is not told yet costs besides its bytes. */
export const MESSAGE_OVERHEAD_BYTES = 128;

/** How long a turn tells messages to subscribers: with many of them an entry of 1 MiB is seconds of work. */
export const TELL_MS_PER_TURN_MAX = 10;

/** How often, in messages told to one session and patterns looked at, that time is looked at. */
export const TELL_CLOCK_CHECK = 256;

/** Committed messages not told yet above which the leader executes nothing new. */
export const UNTOLD_BYTES_HIGH = 16 * MIB;

/**
 * Committed messages not told yet above which all subscribers of this node are cut: a follower cannot slow the
 * leader down, and must not grow. A leader does not get there: what is in flight is bounded by its undo.
 */
export const UNTOLD_BYTES_MAX = IN_FLIGHT_UNDO_BYTES_MAX + UNTOLD_BYTES_HIGH;

/** How often buffers are summed for the memory check. */
export const MEMORY_SAMPLE_INTERVAL_MS = 50;

assert(2 * LEASE_CLOCK_JUMP_SHARE < 1, "what no clock shows is less than what a lease allows for");
assert(BATCH_BYTES_MAX + COMMAND_EFFECT_BYTES_MAX <= ENTRY_BYTES_MAX, "a batch fits an entry");
assert(COMMAND_EFFECT_BYTES_MAX < MULTI_QUEUED_BYTES_MAX, "what fits an entry fits a MULTI");
assert(BATCH_BYTES_MAX <= IN_FLIGHT_BYTES_MAX, "one batch fits the in-flight window");
assert(IN_FLIGHT_BATCHES_MAX <= IN_FLIGHT_BATCHES_CEILING, "the window is one that may be set");
assert(
  IN_FLIGHT_BYTES_MAX <= IN_FLIGHT_UNDO_BYTES_MAX,
  "plain overwrites meet the window of payloads first",
);
assert(
  SESSION_WAITING_BYTES_MAX <= SESSION_WAITING_REQUEST_BYTES_MAX,
  "requests are kept as long as their replies",
);
assert(
  EXPIRY_STALE_PERCENT > EXPIRY_EFFORT_MAX - EXPIRY_EFFORT_MIN,
  "the greatest effort still accepts some stale keys, or cycles would sample for ever",
);
assert(
  EXPIRY_TIME_PERCENT + EXPIRY_TIME_PERCENT_STEP * (EXPIRY_EFFORT_MAX - EXPIRY_EFFORT_MIN) < 50,
  "clients have at least half of the time",
);
assert(
  EXPIRY_MS_PER_TURN_MAX * EXPIRY_CYCLES_PER_SECOND * 100 <= EXPIRY_TIME_PERCENT * 1000,
  "a turn's share fits a cycle's",
);
assert(COMMANDS_PER_SESSION_MAX <= COMMANDS_PER_TURN_MAX, "a session's share fits a turn");

/**
 * Entries kept behind the newest snapshot: some seconds of a busy leader. A follower that was away as long is
 * sent entries, and a snapshot is not outdated by the time it is installed (trap 21).
 */
export const LOG_TRAILING_ENTRIES = 10_000;

/**
 * How long a turn reads the state of a snapshot: of one this node starts from, while it serves nobody, and of one that
 * takes the place of a state it shows meanwhile.
 */
export const LOAD_AT_START_MS_PER_TURN = 20;
export const LOAD_MS_PER_TURN = 4;
/** Bytes of state for a byte of its file: 1.5 with values of 100 bytes, 4 with the smallest. */
export const LOAD_MEMORY_FACTOR = 2;
/** Keys between two looks at the clock, some 100 us of small ones, and bytes: a key may have many megabytes. */
export const LOAD_LOOK_KEYS = 64;
export const LOAD_LOOK_BYTES = 64 * KIB;
/** Keys of one slice: a bound that no clock has a part in. More than the longest slice reads of the smallest. */
export const LOAD_STEP_KEYS_MAX = 131_072;

/**
 * How long a turn walks over the keyspace for an audit, and how long it leaves that alone then: a quarter of a core
 * while an audit is under way.
 */
export const AUDIT_STEP_MS = 1;
export const AUDIT_REST_MS = 3;

/** Small keys, or larger values that cost as much, between two looks at the clock, and in one step at most. */
export const AUDIT_LOOK_WORK = 128;
export const AUDIT_STEP_WORK_MAX = 16_384;

/** Digests kept of each member: a node that is slow finds those of the others, who is slower by more is not compared. */
export const AUDIT_REPORTS_KEPT = 8;

assert(AUDIT_LOOK_WORK <= AUDIT_STEP_WORK_MAX, "a step looks at the clock");
assert(LOAD_LOOK_KEYS <= LOAD_STEP_KEYS_MAX, "a slice looks at the clock");
assert(LOAD_MS_PER_TURN <= APPLY_MS_PER_TURN_MAX, "a state read beside another is nobody's hurry");
