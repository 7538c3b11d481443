/** INFO persistence: how the import of a first start goes (`--import`). No line where none was asked for. */

import type { FirstImportStatus } from "../carry/first-import.js";

export function importLines(
  status: FirstImportStatus | null,
): (readonly [name: string, value: string | number])[] {
  if (status === null) return [];
  return [
    ["import_in_progress", status.state === "running" ? 1 : 0],
    ["import_status", status.state],
    ["import_stage", status.stage],
    ["import_keys", status.keys],
    ["import_keys_total", status.keysTotal ?? 0],
  ];
}
