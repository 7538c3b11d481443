/** Numbers of faults: each with its unit and its reason. */

/** Seconds of calm before an episode, and of an episode: long enough for an election and for what comes of it. */
export const CALM_SECONDS = { min: 1, max: 3 } as const;
export const EPISODE_SECONDS = { min: 2, max: 6 } as const;
/** Episodes a run has room for: shorter ones when it is short. A run with fewer than 3 says nothing. */
export const EPISODES_MIN = 4;
/** Share of episodes in which a second fault joins the first, when several were asked for. */
export const OVERLAP_SHARE = 0.5;
/** Milliseconds until it is tried again when nothing could be struck just now. */
export const NOT_NOW_PAUSE_MS = 250;
/** Milliseconds a fault has to be taken back. Membership changes wait for a leader and for a node that is filled. */
export const END_TIMEOUT_MS = 90_000;
/** Milliseconds a node that was removed has to stop by itself; and in which the cluster is well, or an order is taken, or it is not the time. */
export const FAREWELL_TIMEOUT_MS = 15_000;
export const ORDER_TIMEOUT_MS = 3_000;

/** Share of one core that is left to a slowed process: heartbeats still pass, throughput does not. */
export const SLOW_CPU_SHARE = 0.1;

/** Shares of packets. TCP makes up for them; more than a third stops it altogether. */
export const LOSS_SHARES = [0.05, 0.15, 0.3] as const;
export const DUPLICATE_SHARE = 0.3;
export const REORDER_SHARE = 0.3;
/** Milliseconds one way, with the jitter: a neighbouring city, another continent. */
export const DELAYS_MS = [
  { delayMs: 20, jitterMs: 10 },
  { delayMs: 100, jitterMs: 50 },
  { delayMs: 300, jitterMs: 100 },
] as const;
/** Bits a second: less than a replica under load needs, so that it lags. */
export const THROTTLE_BITS_PER_SECOND = 400_000;

/** Milliseconds a wall clock is set by: within and far beyond all timeouts, there and back. */
export const CLOCK_JUMPS_MS = [
  -3_600_000, -60_000, -2_000, -200, 200, 2_000, 60_000, 3_600_000,
] as const;
/** Microseconds a second: a bad crystal is off by 100, a broken virtual machine by this. */
export const CLOCK_DRIFTS_PPM = [-300_000, -50_000, 50_000, 300_000] as const;

/** Milliseconds a sync takes longer: a busy disk, a dying one. */
export const SYNC_DELAYS_MS = [20, 100, 500] as const;
/** Milliseconds in which a server that has met an error of its disk ends, if it does. */
export const DYING_MS = 1_000;
