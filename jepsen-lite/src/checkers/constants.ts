/** Every limit of the checkers: unit, reason, and how it relates to the others. */

const mebi = 2 ** 20;

/** Anomalies one verdict shows; its figures count all. A page with more of them is not read. */
export const ANOMALIES_MAX = 10;

/**
 * Steps of the searches for orders, of all keys together: candidates tried and tried configurations compared. About two
 * seconds of one core. Histories of up to 100 000 operations take two to three steps an operation; what needs more than
 * this is a key whose possibilities multiply, and ten times as many steps would hardly ever decide it.
 */
export const SEARCH_STEPS_MAX = 20_000_000;

/**
 * Steps of one key in the first round. Each round allows twice as many as the one before. Decides almost every key, so
 * that few searches are held at once.
 */
export const SEARCH_ROUND_STEPS = 20_000;

/** Words of 4 bytes that the tried configurations of all undecided keys hold together: 128 MiB. */
export const SEARCH_MEMO_WORDS_MAX = 32 * mebi;

/** Bars in the drawing of one anomaly. */
export const WINDOW_OPERATIONS_MAX = 16;

/** Of the order found up to the impossible operation, how many of its last are drawn. */
export const WINDOW_PLACED_MAX = 6;

/** Characters of a value in a sentence. */
export const SHOWN_VALUE_MAX = 40;

/** Nodes visited while the shortest cycle of one component is looked for: about half a second. */
export const CYCLE_STEPS_MAX = 4_000_000;

/** Elements of a list in a sentence: its last ones. */
export const SHOWN_ELEMENTS_MAX = 6;

/** Milliseconds by which a session may end early or late: one clock decides it, another one judges. */
export const SESSION_SLACK_MS = 1_000;
