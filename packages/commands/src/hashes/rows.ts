import type { RowSpec } from "../row.js";
import { hashCounterRows } from "./counters.js";
import { fieldRows } from "./fields.js";
import { hrandfieldRow } from "./random.js";
import { wholeHashRows } from "./whole.js";

export const hashRows: readonly RowSpec[] = [
  ...fieldRows,
  ...wholeHashRows,
  ...hashCounterRows,
  hrandfieldRow,
];
