import type { RowSpec } from "../row.js";

export const streamRows: readonly RowSpec[] = [];
