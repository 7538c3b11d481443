/**
 * Every limit of the transport, with its unit and its reason, and asserts that relate them.
 */

import { assert } from "./errors.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Raised by a change that an older node would misread. Nodes of different versions refuse each other. */
export const PROTOCOL_VERSION = 2;

/** Bytes of a challenge. As long as the HMAC's output: guessing one is as hard as the other. */
export const NONCE_BYTES = 32;
/** Bytes of HMAC-SHA256. */
export const PROOF_BYTES = 32;
/** Bytes that name a link. Only to tell a peer's links apart, not a secret. */
export const LINK_ID_BYTES = 16;
/** Bytes a node may announce about itself: a few addresses. */
export const ANNOUNCE_BYTES_MAX = 4 * KIB;
/** Characters of a cluster id. */
export const CLUSTER_ID_LENGTH_MAX = 256;
/** Bytes of a frame before both proofs are accepted. All a stranger can make us keep for each stream. */
export const HANDSHAKE_FRAME_BYTES_MAX = 8 * KIB;

/** Bytes of the payload of one entry: the largest command or EXEC a node accepts, with room. */
export const ENTRY_BYTES_MAX = 80 * MIB;
/** Bytes of one encoded message: the largest entry, its neighbours and its head. Bounds reassembly. */
export const MESSAGE_BYTES_MAX = ENTRY_BYTES_MAX + 16 * MIB;
/** Bytes of messages packed into one frame. Above it a frame costs latency and saves nothing. */
export const FRAME_BYTES_MAX = 256 * KIB;
/** Bytes of one piece of a larger message: what a heartbeat of the same connection waits behind. */
export const PIECE_BYTES_MAX = 128 * KIB;
/** Bytes of one gRPC message on the wire: a full frame and the heads around it. */
export const GRPC_MESSAGE_BYTES_MAX = FRAME_BYTES_MAX + 64 * KIB;

/**
 * Frames of one stream handed to gRPC and not yet taken by HTTP/2. Two, so that one is ready the
 * moment the other leaves; more only moves the queue to where it cannot be dropped or coalesced.
 */
export const FRAMES_IN_FLIGHT_MAX = 2;

/** Messages waiting for one peer on the control stream. Each is answered or superseded within a round. */
export const CONTROL_QUEUE_MESSAGES_MAX = 4096;
/** Bytes waiting for one peer on the control stream. */
export const CONTROL_QUEUE_BYTES_MAX = MIB;
/** Messages waiting for one peer on the append stream. */
export const APPEND_QUEUE_MESSAGES_MAX = 4096;
/**
 * Bytes waiting for one peer on the append stream before more is dropped, not counting
 * the message at its front, which may be of any size. Payloads are shared with the log's cache, not copied.
 */
export const APPEND_QUEUE_BYTES_MAX = 64 * MIB;

/**
 * A payload is copied out of a reassembled message when it is smaller than this share of it. Out of an
 * ordinary frame it is not: a frame of the append stream is nearly all payload of neighbouring entries,
 * which are kept and let go together, so views waste at most one frame (measured on 16 entries of
 * 1 KiB: copying made decoding about 7 times slower).
 */
export const PINNED_SHARE_MIN = 1 / 4;

/**
 * Milliseconds from dialling, or from an accepted connection, to a complete link. Longer than a SYN
 * that is lost once would be no use: dialling again is cheaper than waiting.
 */
export const HANDSHAKE_DEADLINE_MS = 1_000;
/** Milliseconds a refused peer gets to read why, before its connection is cut. */
export const FAREWELL_MS = 100;

/** Milliseconds: the first bound of the random wait before dialling again; doubles. */
export const RECONNECT_DELAY_MIN_MS = 25;
/**
 * Milliseconds: the largest bound of that wait. Small, since clusters are small and a restarted node
 * should be found again well within a usual election timeout of 500 ms.
 */
export const RECONNECT_DELAY_MAX_MS = 300;

/**
 * Milliseconds without a link after which the lower id of a pair calls, too; the wait is up to twice that. Far
 * above what the higher one needs to call, since only one that does not know better never does.
 */
export const LONELY_DIAL_MS = 3_000;
/** Linked peers that our configuration does not name: what one change adds at most, several times over. */
export const NEWCOMERS_MAX = 16;

/** Milliseconds between two reports that messages to one peer were lost. */
export const UNREACHABLE_INTERVAL_MS = 20;

/** Ticks (heartbeat intervals) without a byte from the peer after which a link is taken for dead, at least. */
export const SILENT_TICKS_MIN = 4;
/** Milliseconds one frame may take to leave before the link is taken for stuck. 256 KiB at 0.4 Mbit/s. */
export const STALLED_MS = 5_000;
/** Milliseconds during which the same refusal or fault of the same peer is logged once. */
export const LOG_REPEAT_MS = 60_000;

/** Connections to the peer port at a time: several times the largest sensible cluster. */
export const CONNECTIONS_MAX = 64;
/** Streams of one connection: one of each kind, snapshots included, and one to spare. */
export const CONNECTION_STREAMS_MAX = 4;
/** Bytes that strangers can make gRPC assemble before we see, and refuse, their first frames. */
export const STRANGERS_BYTES_MAX = 128 * MIB;
/** Bytes of receive window where gRPC lets us choose it: 256 KiB per round trip, per connection. */
export const RECEIVE_WINDOW_BYTES = 256 * KIB;

/**
 * Milliseconds a node that asks to join may wait for its answer, which comes once its membership is committed:
 * several election timeouts, so that a change of leader in between is a redirection and no timeout.
 */
export const JOIN_DEADLINE_MS = 10_000;
/** Redirections to follow before the next address is tried. */
export const JOIN_REDIRECTS_MAX = 4;
/** Questions to join that wait for their answers at a time. More are refused at once and hang up. */
export const JOINS_IN_PROGRESS_MAX = 16;
/** Characters of a join's address, reason or refusal. */
export const JOIN_TEXT_LENGTH_MAX = 512;

assert(PIECE_BYTES_MAX <= FRAME_BYTES_MAX, "a piece fits a frame");
assert(FRAME_BYTES_MAX < GRPC_MESSAGE_BYTES_MAX, "a frame and its heads fit a gRPC message");
assert(ENTRY_BYTES_MAX < MESSAGE_BYTES_MAX, "the largest entry fits a message");
assert(MESSAGE_BYTES_MAX < 2 ** 31, "a reassembled message fits one buffer");
assert(
  ANNOUNCE_BYTES_MAX + 4 * CLUSTER_ID_LENGTH_MAX + KIB <= HANDSHAKE_FRAME_BYTES_MAX,
  "a hello fits a handshake frame",
);
assert(HANDSHAKE_FRAME_BYTES_MAX < FRAME_BYTES_MAX, "strangers get less than members");
assert(
  CONNECTIONS_MAX * CONNECTION_STREAMS_MAX * GRPC_MESSAGE_BYTES_MAX <= STRANGERS_BYTES_MAX,
  "strangers cost bounded memory",
);
assert(CONTROL_QUEUE_BYTES_MAX >= FRAME_BYTES_MAX, "a control queue fills a frame");
assert(APPEND_QUEUE_BYTES_MAX >= 4 * FRAME_BYTES_MAX, "an append queue fills frames");
assert(RECONNECT_DELAY_MIN_MS < RECONNECT_DELAY_MAX_MS, "back-off grows");
assert(
  LONELY_DIAL_MS > HANDSHAKE_DEADLINE_MS + RECONNECT_DELAY_MAX_MS,
  "the higher id calls first",
);
assert(NEWCOMERS_MAX < CONNECTIONS_MAX, "newcomers leave room for members");
assert(FAREWELL_MS < HANDSHAKE_DEADLINE_MS, "a farewell ends before the next dial is given up");
assert(2 * JOINS_IN_PROGRESS_MAX < CONNECTIONS_MAX, "who asks to join leaves room for members");
