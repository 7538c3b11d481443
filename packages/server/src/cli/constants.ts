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

/**
 * Bytes of bytecode that a function runs through before V8 looks whether it is hot: --interrupt-budget, 67584 unless told.
 * A server's code is many functions that run once a request each, and most of them were interpreted for the first tens
 * of thousands of requests. Measured, SET on 50 connections, thousands a second in the first, second and third second
 * (medians of six clusters): just started 18, 24, 27, with this 24, 30, 31; just elected 14, 20, 23, with this 16, 25, 27.
 * One connection is slower in the first second, while the compiler has the processors: 546 and 411, then 1184 and 1387.
 * With 10000 a start is the same, but who has just been elected optimizes twice (18, 24, 28 and 14, 25, 29, in another
 * hour), and GET is 5 % slower ever after. When all has been optimized there is no difference.
 */
export const interruptBudget = 20_000;

/** The only major version of Node that has that flag: from 22 on V8 counts calls, and Maglev is between. */
export const interruptBudgetNodeMajor = 20;

/** Share of the machine's memory that the heap may take when maxmemory is 0: the rest is buffers and system. */
export const unlimitedHeapShare = 0.75;

/**
 * Milliseconds. A graceful stop that takes longer, `shutdown-timeout` for hand-over and last snapshot not counted, is
 * given up: a service manager waits about ten seconds.
 */
export const stopTimeoutMs = 8_000;
