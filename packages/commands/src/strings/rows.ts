import type { RowSpec } from "../row.js";
import { counterRows } from "./counters.js";
import { getRows } from "./get.js";
import { manyRows } from "./many.js";
import { rangeRows } from "./ranges.js";
import { setRow } from "./set.js";
import { setVariantRows } from "./set-variants.js";

export const stringRows: readonly RowSpec[] = [
  setRow,
  ...setVariantRows,
  ...getRows,
  ...manyRows,
  ...rangeRows,
  ...counterRows,
];
