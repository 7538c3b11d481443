import type { RowSpec } from "../row.js";

export const hashRows: readonly RowSpec[] = [];
