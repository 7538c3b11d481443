/** Path data for SVG: points that share marks, lines with gaps, areas. In units of `PLOT_UNITS`, y downwards. */

import { PLOT_UNITS, SCATTER_COLUMNS, SCATTER_ROWS } from "../constants.js";

/** Both in [0, 1]; y from below. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Marks of one darkness: each stands for `from` points or more, and for less than the next layer's `from`. */
export interface ScatterLayer {
  readonly from: number;
  readonly marks: number;
  /** Of zero-length lines: round caps make dots of them that stay round in a stretched chart. */
  readonly path: string;
}

const DENSITIES = [1, 4, 20, 100] as const;

/**
 * Every point lies under a mark: those of one cell of a grid share it, and how many they are decides the layer. So
 * nothing is left out, the rarest and slowest least of all, and the size is bounded by the grid.
 */
export function scatter(points: Iterable<Point>, rows = SCATTER_ROWS): ScatterLayer[] {
  const cells = new Map<number, number>();
  for (const { x, y } of points) {
    const cell = cellOf(x, SCATTER_COLUMNS) * rows + cellOf(1 - y, rows);
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  const inOrder = [...cells].sort(([left], [right]) => left - right);
  return DENSITIES.map((from, at) => {
    const end = DENSITIES[at + 1] ?? Number.POSITIVE_INFINITY;
    const mine = inOrder.filter(([, size]) => size >= from && size < end);
    const path = mine.map(([cell]) => dot(Math.floor(cell / rows), cell % rows, rows)).join("");
    return { from, marks: mine.length, path };
  }).filter(({ marks }) => marks > 0);
}

/** null: a gap. */
export function line(points: readonly (Point | null)[]): string {
  let path = "";
  let drawing = false;
  for (const point of points) {
    if (point !== null) path += `${drawing ? "L" : "M"}${units(point.x)} ${units(1 - point.y)}`;
    drawing = point !== null;
  }
  return path;
}

/** Between the lower edge and steps: each value holds from its x to the next one's. Where it is 0, nothing is drawn. */
export function steps(values: readonly Point[], endX: number): string {
  let path = "";
  values.forEach(({ x, y }, at) => {
    if (y === 0) return;
    const next = values[at + 1];
    if (at === 0 || values[at - 1]!.y === 0) path += `M${units(x)} ${PLOT_UNITS}`;
    path += `V${units(1 - y)}H${units(next?.x ?? endX)}`;
    if (next === undefined || next.y === 0) path += `V${PLOT_UNITS}Z`;
  });
  return path;
}

/** A share of the chart in its units, with one digit. */
export function units(value: number): number {
  return Math.round(value * PLOT_UNITS * 10) / 10;
}

function cellOf(place: number, cells: number): number {
  return Math.min(cells - 1, Math.max(0, Math.floor(place * cells)));
}

function dot(column: number, row: number, rows: number): string {
  const x = units((column + 0.5) / SCATTER_COLUMNS);
  return `M${x} ${units((row + 0.5) / rows)}h0`;
}
