import type { RowSpec } from "../row.js";
import { copyRow } from "./copy.js";
import { dumpRow } from "./dump.js";
import { expireRows } from "./expire.js";
import { flushRows } from "./flush.js";
import { iterateRows } from "./iterate.js";
import { keyRows } from "./keys.js";
import { objectRows } from "./object.js";
import { restoreRow } from "./restore.js";
import { sortRows } from "./sort.js";
import { ttlRows } from "./ttl.js";

export const genericRows: readonly RowSpec[] = [
  ...keyRows,
  copyRow,
  dumpRow,
  restoreRow,
  ...expireRows,
  ...ttlRows,
  ...iterateRows,
  ...sortRows,
  ...objectRows,
  ...flushRows,
];
