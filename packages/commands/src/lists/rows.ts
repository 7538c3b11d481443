import type { RowSpec } from "../row.js";
import { editRows } from "./edit.js";
import { moveRows } from "./move.js";
import { popRows } from "./pop.js";
import { pushRows } from "./push.js";
import { readRows } from "./read.js";

export const listRows: readonly RowSpec[] = [
  ...pushRows,
  ...popRows,
  ...readRows,
  ...editRows,
  ...moveRows,
];
