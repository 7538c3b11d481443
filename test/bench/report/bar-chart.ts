/**
 * Throughputs as bars: a block for each workload, a bar for each side, a whisker from the slowest round to the fastest.
 * Sides of one workload have one scale; workloads that differ a hundredfold each their own.
 */

import { short } from "./quantities.js";
import type { ComparisonSummary } from "./report.js";
import { CHART_WIDTH, chart, familyOf, label, line, MARGIN, place, TITLE_HEIGHT } from "./svg.js";

const LABEL_WIDTH = 220;
const NUMBER_WIDTH = 70;
const HEAD_HEIGHT = 24;
const BAR_HEIGHT = 15;
const ROW_HEIGHT = 21;
const BLOCK_GAP = 10;

export function barChart(title: string, comparisons: readonly ComparisonSummary[]): string {
  const blocks: string[] = [];
  let y = TITLE_HEIGHT;
  for (const comparison of comparisons) {
    blocks.push(block(comparison, y));
    y += HEAD_HEIGHT + comparison.sides.length * ROW_HEIGHT + BLOCK_GAP;
  }
  return chart(title, y + MARGIN - BLOCK_GAP, blocks.join("\n"));
}

function block({ workload, sides }: ComparisonSummary, top: number): string {
  const left = MARGIN + LABEL_WIDTH;
  const width = CHART_WIDTH - MARGIN - NUMBER_WIDTH - left;
  const most = Math.max(...sides.map(({ perSecond }) => perSecond.most));
  const x = (perSecond: number): number => left + (perSecond / most) * width;
  const bars = sides.map(({ side, perSecond }, row) => {
    const y = top + HEAD_HEIGHT + row * ROW_HEIGHT;
    const middle = y + BAR_HEIGHT / 2;
    const bar = `<rect class="${familyOf(side)}" x="${left}" y="${y}" width="${place(x(perSecond.median) - left)}" height="${BAR_HEIGHT}" rx="2"/>`;
    return [
      label(left - 8, middle + 4, side, "end"),
      bar,
      line(x(perSecond.least), middle, x(perSecond.most), middle, "whisker"),
      label(x(perSecond.most) + 6, middle + 4, `${short(perSecond.median)}/s`, "faint"),
    ].join("");
  });
  return [label(MARGIN, top + HEAD_HEIGHT - 8, workload, "head"), ...bars].join("\n");
}
