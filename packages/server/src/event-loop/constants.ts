/** Limits of the event loop's meter. */

/** Milliseconds between two looks. As Node's own monitor by default: a tenth of a look costs nothing that is seen. */
export const lookMs = 10;

/** Longest delay that is told apart, in microseconds: an hour. The histogram's memory grows with its logarithm. */
export const delayUsMax = 3_600_000_000;

/** Significant digits of the delays. */
export const delayDigits = 3;
