/** Limits of the launcher: unit, reason. */

/**
 * Heap bytes for one counted byte. Measured on Node 20 with maxmemory 512mb filled with strings of 8 bytes
 * (4.2 M keys) and of 200 bytes (1.7 M), then overwritten steadily in random order: 490 to 500 MB are
 * live, and a heap limit of 608 MB (1.19) is the smallest tried, and survives. The factor leaves a quarter
 * for garbage, the reserve comes on top.
 */
export const heapFactor = 1.25;

/** Megabytes of heap for the program itself, what is in flight, and spikes that the probe did not have. */
export const heapReserveMegabytes = 256;

/** Share of the machine's memory that the heap may take when maxmemory is 0: the rest is buffers and system. */
export const unlimitedHeapShare = 0.75;

/**
 * Milliseconds. A graceful stop that takes longer, `shutdown-timeout` for hand-over and last snapshot not counted, is
 * given up: a service manager waits about ten seconds.
 */
export const stopTimeoutMs = 8_000;
