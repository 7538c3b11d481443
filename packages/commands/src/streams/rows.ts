import type { RowSpec } from "../row.js";
import { addRow } from "./add.js";
import { autoclaimRow } from "./autoclaim.js";
import { claimRow } from "./claim.js";
import { entriesRows } from "./entries-rows.js";
import { groupsRow } from "./groups.js";
import { infoRow } from "./info.js";
import { pendingRows } from "./pending.js";
import { readRows } from "./read.js";
import { setIdRow } from "./set-id.js";

export const streamRows: readonly RowSpec[] = [
  addRow,
  ...entriesRows,
  setIdRow,
  ...readRows,
  groupsRow,
  ...pendingRows,
  claimRow,
  autoclaimRow,
  infoRow,
];
