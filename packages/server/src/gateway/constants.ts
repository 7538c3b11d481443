/**
 * Limits of the gateway: what one client connection may hold, and for how long. What Redis lets the
 * operator choose (maxclients, timeout, buffer limits) is in the configuration, not here.
 */

import { assert } from "./assert.js";

/**
 * Replies of one turn up to this many bytes are joined into one buffer before the write. A copy of
 * 64 KiB costs about as much as one more entry in a writev, and the usual turn is far smaller.
 */
export const joinBytesMax = 64 * 1024;

/**
 * Reply bytes the peer has not taken. Above it no further requests of this connection are read. Large
 * on purpose: a client that writes its whole pipeline before it reads the first reply would deadlock
 * with a small one, and Redis never stops reading.
 */
export const outputBytesPause = 64 * 1024 * 1024;
/**
 * The same while all clients together hold more than `outputBytesTotalSoft`; less still when there are
 * so many that these alone exceed it.
 */
export const outputBytesPauseTight = 1024 * 1024;
/** Reply bytes of all clients together above which each single one is held on the short leash. */
export const outputBytesTotalSoft = 512 * 1024 * 1024;

/**
 * Requests of one connection that the session has at a time; the rest waits in the connection, and no
 * more is read. Replies up to 16 KiB are copied each: this many overshoot the pause by 2 MiB, also when
 * a thousand clients go over it together. More gains nothing (measured with pipelines of 500).
 */
export const requestsSubmittedMax = 128;
/** What a decoded argument costs besides its bytes: a Buffer and its place (measured: 90 to 110 bytes). */
export const requestOverheadBytes = 96;

/** A query buffer below this is not worth being counted as memory outside the keyspace. */
export const pendingBytesCounted = 16 * 1024;

/**
 * File descriptors that clients never get: the log's 200 tables and its other files (about 20), 64
 * connections of peers, the process itself (about 20), and clients that are being refused.
 */
export const descriptorsReserved = 352;
/** Clients admitted however few descriptors there are: somebody must be able to look. */
export const clientsMin = 16;

/** Estimated memory of an idle connection: socket, handle, session, decoder (measured: 6 to 9 KiB). */
export const connectionOverheadBytes = 8 * 1024;

/** Most bytes one read takes from a client's socket: what libuv asks for, too. */
export const readBytesMax = 64 * 1024;
/** Chunks up to the second size share memory of the first: 70 usual requests. */
export const chunkSlabBytes = 8 * 1024;
export const chunkSlabShareMax = chunkSlabBytes / 2;

/** Longest inline request (Redis: PROTO_INLINE_MAX_SIZE). */
export const inlineBytesMax = 64 * 1024;
/** Most elements of one request: a bound on what a header may announce (design, section 8). */
export const multibulkMax = 1024 * 1024;

/**
 * After the last reply the socket is half closed and what still arrives is discarded for this long.
 * Closing at once with unread input makes the kernel send a reset, which can overtake the error reply.
 */
export const lingerMs = 1_000;
/** A peer that closed its sending side gets the replies of what it sent, for this long at most. */
export const drainMs = 30_000;
/** Graceful stop: how long replies that wait for a quorum are waited for. */
export const stopGraceMs = 2_000;

/** Milliseconds between two sums of all clients' buffers, while maxmemory-clients is set: ten thousand take about one. */
export const evictionLookMs = 50;

/** Period of the housekeeping: idle clients, soft limits, lingering sockets, rates. */
export const housekeepingMs = 250;

/** Clients that speak HTTP are told of this often at most: whoever makes a browser try can do so for ever. */
export const httpToldIntervalMs = 60_000;

/** Rate samples that are averaged for instantaneous_ops_per_sec: two seconds' worth. */
export const rateSamples = 8;

assert(outputBytesPauseTight < outputBytesPause, "the short leash is shorter");
assert(outputBytesPause < outputBytesTotalSoft, "one client alone does not tighten all");
assert(joinBytesMax < outputBytesPauseTight, "one joined write fits the short leash");
assert(housekeepingMs < lingerMs, "lingering is ended by the housekeeping");

/** Milliseconds between two looks at whether another node has taken over from a leader that stops. */
export const handOverLookMs = 2;

/** Milliseconds between two rounds of asking for a place in the cluster. */
export const joinRetryMs = 300;
/** Milliseconds a leader waits for a new incarnation to be committed; the asker waits longer. */
export const joinAnswerMsMax = 8_000;
/** Milliseconds between two looks at whether it is. */
export const joinLookMs = 5;
