/** Every limit of the RESP package: unit, reason, and how it relates to the others. */
import { assert } from "./errors.js";

const kib = 1024;
const mib = 1024 * kib;

/** Elements of one request. Redis 7.0 says 2^31 - 1, which lets a 12-byte header ask for 16 GiB of array. */
export const multibulkMaxDefault = 1024 * 1024;

/** Bytes of one argument: `proto-max-bulk-len` of Redis. */
export const bulkBytesMaxDefault = 512 * mib;

/** Bytes of an inline command, or of a header line, without its end: PROTO_INLINE_MAX_SIZE of Redis. */
export const inlineBytesMaxDefault = 64 * kib;

/** Arguments of a request before AUTH, as in Redis: enough for HELLO 3 AUTH name password SETNAME name. */
export const unauthenticatedArgumentsMax = 10;

/** Bytes of one argument before AUTH, as in Redis: what strangers may make us keep stays small. */
export const unauthenticatedBulkBytesMax = 16 * kib;

/**
 * Bytes an incomplete request takes over from a chunk at a time, at least. What is taken beyond the end
 * of the request was copied in vain, so it is small; the step then doubles with what is held, so the
 * copying of a request of any size stays linear.
 */
export const appendStepBytes = 4 * kib;

/** First allocation for an incomplete request, bytes: thousands of slow senders stay cheap. */
export const pendingBytesFirst = 256;

/**
 * Announced bytes that are allocated before they have arrived. Beyond it memory follows what the client
 * really sent (twice that at most): a header must not be worth 512 MiB.
 */
export const reserveBytesMax = 1 * mib;

/** Reply memory, bytes: small for a connection that waits with a few replies, larger the more it holds. */
export const chunkBytesMin = 512;
export const chunkBytesMax = 16 * kib;

/** Bytes held above which each new chunk asks whether that is too much. Below, no limit is worth the question. */
export const overflowAskedBytesMin = 1 * mib;

/**
 * Bytes from which a reply's bulk is held by reference and not copied: below it a copy (about 1 us at
 * 16 KiB) costs less than an additional chunk in the socket's write.
 */
export const referenceBytesMin = 16 * kib;

/** Characters up to which a loop writes a string faster than latin1Write (measured: 91 and 94 ns at 28). */
export const loopCharactersMax = 28;

/** Bulks of one reply from which on they are joined: with fewer the closures cost more than is saved. */
export const joinedCountMin = 10;

/**
 * Characters up to which a bulk is joined with its neighbours: it is copied twice. A short one that `loopCharactersMax`
 * writes without a call into Node begins no run of its own.
 */
export const joinedTextMax = 128;

/** Characters from which on what is joined is written: four such pieces fill a chunk, whatever comes last. */
export const joinedMax = 4 * kib - joinedTextMax - 16;

assert(
  multibulkMaxDefault <= 2 ** 31 - 1 && multibulkMaxDefault > unauthenticatedArgumentsMax,
  "a request's element count fits an array, and AUTH only widens it",
);
assert(
  unauthenticatedBulkBytesMax < inlineBytesMaxDefault &&
    inlineBytesMaxDefault < bulkBytesMaxDefault,
  "AUTH only widens the limits",
);
assert(
  2 * (inlineBytesMaxDefault + appendStepBytes) <= 1 * mib,
  "a client that never completes a header holds 1 MiB at most, spare capacity included",
);
assert(
  pendingBytesFirst <= appendStepBytes,
  "the first step may need a larger allocation, not less",
);
assert(appendStepBytes <= reserveBytesMax, "steps are allocated at once");
assert(chunkBytesMin <= chunkBytesMax && chunkBytesMax <= referenceBytesMin, "pooled is smaller");
assert(4 * (joinedMax + joinedTextMax + 16) <= chunkBytesMax, "what is joined fills chunks");
assert(loopCharactersMax < joinedTextMax, "something is joined");
assert(loopCharactersMax <= chunkBytesMin, "a short text fits every chunk");
