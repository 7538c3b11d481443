import type { RowSpec } from "../row.js";
import { addRows } from "./add.js";
import { combineRows } from "./combine.js";
import { sortedMemberRows } from "./members.js";
import { popRows } from "./pop.js";
import { zrandmemberRow } from "./random.js";
import { rangeRows } from "./range.js";
import { rangeCountRows } from "./range-counts.js";
import { zscanRow } from "./scan.js";

export const sortedSetRows: readonly RowSpec[] = [
  ...addRows,
  ...sortedMemberRows,
  ...rangeRows,
  ...rangeCountRows,
  ...popRows,
  zrandmemberRow,
  ...combineRows,
  zscanRow,
];
