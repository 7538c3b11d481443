/** Every limit of runs, workloads and clients, with its unit and reason. */

/** Milliseconds. Longer than Redoubt holds a command back before it says CLUSTERDOWN (two election timeouts, 1 000), so that a definite answer is not made unknown. */
export const OPERATION_TIMEOUT_MS = 1_500;
/** Milliseconds of WAIT. Below the above, so that WAIT's own answer arrives. */
export const WAIT_MS = 1_000;
/** Milliseconds. Connecting within one network takes one; a node that is cut off or stopped must not hold a client. */
export const CONNECT_TIMEOUT_MS = 500;
/** Milliseconds, at least and at most, between a failed operation and the client's next. Else refusals fill the history. */
export const BACKOFF_MS = { min: 20, max: 60 } as const;
/** Milliseconds between a roaming client's new connections. A few for each fault, and time to work between them. */
export const ROAM_MS = 1_500;

/** Operations on one key, after which a fresh one is taken. The checker's work grows with both. */
export const KEY_OPERATIONS_MAX = 150;
/** Unknown writes on one key, likewise: ten of them make a bad history undecidable. */
export const KEY_UNKNOWNS_MAX = 4;
/** Elements of one list or set: every read carries all of them. */
export const KEY_ELEMENTS_MAX = 100;

/** Milliseconds of load behind the last fault, and behind the first success that follows it. */
export const TAIL_MS = 2_000;
/**
 * Milliseconds in which service has to come back behind the last fault; the load goes on as long. Processes that start on
 * a busy machine take some seconds.
 */
export const COMEBACK_TIMEOUT_MS = 30_000;
/** Milliseconds a node has to show what was written when all is healed. Above a full resynchronisation. */
export const LEVEL_TIMEOUT_MS = 20_000;
/** Milliseconds between two looks at a node. */
export const LOOK_MS = 50;
/** Keys asked for in one pipeline of final reads. Some hundred kilobytes at once. */
export const FINAL_READS_PIPELINE = 500;
/** Milliseconds of a final read: nobody is in a hurry then, and a whole list may be long. */
export const FINAL_READ_TIMEOUT_MS = 10_000;
/** Attempts at equal digests: the leader's clock entries move the index between the looks. */
export const DIGEST_ATTEMPTS_MAX = 40;
/** Attempts at what prepares and closes a workload, through whoever leads. */
export const CLOSING_ATTEMPTS_MAX = 40;

/** Operations a second that ended `ok`. Below it a run shows nothing: every checker passes on nothing. */
export const OK_PER_SECOND_MIN = 50;
/** Fault episodes, when faults were asked for at random. */
export const EPISODES_MIN = 3;
/** Milliseconds between two lines of progress. */
export const PROGRESS_MS = 1_000;
