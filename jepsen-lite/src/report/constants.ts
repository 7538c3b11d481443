/** Limits of reports: what keeps a page small and legible, each with its unit and reason. */

/** Side of the square that every chart is drawn in before it is stretched to the page's width; units of its own. */
export const PLOT_UNITS = 1000;

/** Columns of the grid in which operations of a scatter share a mark: 2-3 px each on a wide screen. */
export const SCATTER_COLUMNS = 400;

/** Rows of that grid: marks are 2-3 px high, the chart 260 px. */
export const SCATTER_ROWS = 100;

/** Windows of time for which quantiles and throughput are computed, at most: 8 px each on a wide screen. */
export const WINDOWS_MAX = 120;

/** Ticks of a time axis, at most: every other one is left out on a phone. */
export const TIME_TICKS_MAX = 8;

/** Ticks of a counting axis, at most: the lowest charts are 120 px high. */
export const COUNT_TICKS_MAX = 4;

/** Anomalies of one checker that are drawn unfolded; those behind them are a click away. */
export const ANOMALIES_UNFOLDED_MAX = 3;

/** Operations in one drawing: more do not fit a screen; those nearest to the impossible one are kept. */
export const OPERATIONS_DRAWN_MAX = 24;

/** Characters of a value written on a bar: one line of a wide screen. */
export const LABEL_CHARACTERS_MAX = 72;

/** Characters of a value in the table below a drawing: a list of 100 short elements. */
export const VALUE_CHARACTERS_MAX = 600;

/** Pixels of a chart's width that a fault's number needs to be legible on its bar. */
export const FAULT_NUMBER_PX = 12;

/** Width of a chart on a phone (360 px wide) and on a wide screen, roughly, in pixels. */
export const NARROW_PLOT_PX = 250;
export const WIDE_PLOT_PX = 900;

/** Share of a drawing's width that one operation takes at least, so that the shortest can be seen. */
export const BAR_SHARE_MIN = 0.012;
