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

/**
 * Megabytes that V8's heap may have before its first full collection, and again behind each: --initial-heap-size. What
 * Buffers hold outside the heap counts into it, and V8 lets a small heap grow by its own size only, so one with little
 * data was collected every few dozen large values. Measured, three nodes on two cores, SET by 50 connections: twice as
 * many a second at 64 and 256 KiB, 1.2 times at 4 KiB, no difference at 64 B; resident the same with small values, some
 * 25 % more behind large ones. 256 does half of that, 1024 no more.
 */
export const initialHeapMegabytes = 512;

/** Of the heap's limit at most: a node with a small maxmemory collects before it comes near that. */
export const initialHeapShareMax = 0.5;

/** Share of the machine's memory that the heap may take when maxmemory is 0: the rest is buffers and system. */
export const unlimitedHeapShare = 0.75;

/**
 * Milliseconds. A graceful stop that takes longer, `shutdown-timeout` for hand-over and last snapshot not counted, is
 * given up: a service manager waits about ten seconds.
 */
export const stopTimeoutMs = 8_000;
