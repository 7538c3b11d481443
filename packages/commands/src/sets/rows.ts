import type { RowSpec } from "../row.js";
import { algebraRows } from "./algebra.js";
import { memberRows } from "./members.js";
import { randomMemberRows } from "./random.js";
import { wholeSetRows } from "./whole.js";

export const setRows: readonly RowSpec[] = [
  ...memberRows,
  ...wholeSetRows,
  ...randomMemberRows,
  ...algebraRows,
];
