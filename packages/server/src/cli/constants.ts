/** Limits of the launcher: unit, reason. */

/**
 * Heap megabytes for one counted megabyte. PLACEHOLDER
 */
export const heapFactor = 1.35;

/** Megabytes of heap for the program itself, entries in flight and the young generation. */
export const heapReserveMegabytes = 320;

/** Share of the machine's memory that the heap may take when maxmemory is 0: the rest is buffers and system. */
export const unlimitedHeapShare = 0.75;

/** Milliseconds. A graceful stop that takes longer is given up: a service manager waits about ten seconds. */
export const stopTimeoutMs = 8_000;
