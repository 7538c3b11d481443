import type { RowSpec } from "../row.js";

export const setRows: readonly RowSpec[] = [];
