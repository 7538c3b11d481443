import type { RowSpec } from "../row.js";

export const sortedSetRows: readonly RowSpec[] = [];
