import type { RowSpec } from "../row.js";

export const listRows: readonly RowSpec[] = [];
