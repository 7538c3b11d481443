/** Every limit of this package, with unit and reason. */

/**
 * Bytes. Longest string APPEND and SETRANGE may make: the greatest proto-max-bulk-len a node can have, so
 * that no request of a few bytes makes a value nobody could have sent (SETRANGE k 536870911 x would pad
 * half a gigabyte on every node). Differs from Redis: 512 MB.
 */
export const STRING_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes of arguments that an "unknown command" error shows, as Redis: enough to find the typing error. */
export const ERROR_ARGUMENT_BYTES_MAX = 128;

/**
 * Milliseconds since the epoch. Latest deadline: deadlines are numbers, exact up to here (year 287396).
 * Differs from Redis: its limit is 2^63 - 1; what lies between is answered as an invalid expire time.
 */
export const DEADLINE_MS_MAX = Number.MAX_SAFE_INTEGER;

/** Keys. How many SCAN looks at when COUNT is not given, as Redis. */
export const SCAN_COUNT_DEFAULT = 10;

/** Members of one Map of a sorted set's algebra: a Map throws at 2^24. */
export const RESULT_MAP_MEMBERS_MAX = 2 ** 23;

/** Cursor values are below this: the keyspace's cursors are exact numbers. Larger ones were never given out. */
export const SCAN_CURSOR_END = 2 ** 53;

/** Tries of RANDOMKEY before it answers nil on a node that may not delete expired keys, as Redis. */
export const RANDOM_KEY_TRIES_MAX = 100;

/** Bytes of the longest number text INCRBYFLOAT takes (exclusive), as Redis: the longest long double prints in 4 952. */
export const LONG_DOUBLE_TEXT_END = 5 * 1024;

/**
 * Elements and bytes of one random sample that may repeat elements (a negative count): such a count is
 * bounded by nothing else. Differs from Redis, which answers 2^63 elements until its memory ends.
 */
export const RANDOM_REPEATS_MAX = 2 ** 20;
export const RANDOM_REPEATS_BYTES_MAX = 512 * 1024 * 1024;

/** Databases a COPY ... DB number is checked against, as Redis's default; only database 0 holds keys. */
export const DATABASES = 16;

/** Range of what Redis reads as a C int. */
export const INT32_MAX = 2 ** 31 - 1;
export const INT32_MIN = -(2 ** 31);

/** Bytes. Longest string OBJECT ENCODING calls embstr, as Redis: what fits one allocation with its object. */
export const EMBEDDED_STRING_BYTES_MAX = 44;

/** Integers from 0 to before this are shared objects in Redis, which OBJECT REFCOUNT tells. */
export const SHARED_INTEGERS_END = 10_000;

/**
 * Bytes of what SORT's GETs give, each result with SORT_GET_BYTES above its text, and of large ALPHA weights: many
 * GETs of many elements, or one large string asked for again and again, are bounded by nothing else. Differs
 * from Redis, which answers until its memory ends.
 */
export const SORT_BYTES_MAX = 256 * 1024 * 1024;
/** Place in an array and the reply's head and end. */
export const SORT_GET_BYTES = 16;

/**
 * Bytes of what a payload of RESTORE makes beyond its own size: unpacked texts, and field names that entries
 * of a stream share there. More would not fit one log entry anyway. Differs from Redis, which has no bound.
 */
export const RESTORED_BYTES_MAX = 128 * 1024 * 1024;

/** Elements of one effect of RESTORE: nobody is held up by one of them. */
export const RESTORE_PIECE_ELEMENTS_MAX = 512;

/** Bytes of the longest payload DUMP makes: what a bulk string holds. Differs from Redis, which has no bound. */
export const DUMP_BYTES_MAX = 512 * 1024 * 1024;

/**
 * Bytes of the sources of all libraries of functions together: a FUNCTION DUMP of them is a request that any node takes
 * (proto-max-bulk-len is 64 MB at most), and an effect of one fits a log entry. Differs from Redis, which has no bound.
 */
export const LIBRARIES_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Libraries of functions: each costs some microseconds wherever all of them are taken, given or deleted at once, and
 * far more memory than the shortest source. Two millions fit the bytes. Differs from Redis, which has no bound.
 */
export const LIBRARIES_MAX = 4096;
