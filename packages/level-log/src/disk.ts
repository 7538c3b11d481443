/** All that this package does to a disk, in one place: production has the real one, tests have one that crashes. */

import { type Files, realFiles } from "./files.js";
import { openStore, type Store } from "./store.js";
import { checkUnusedTables } from "./store-lock.js";

export interface Disk {
  readonly files: Files;
  /** As `openStore` of store.ts. One that is there is checked whole before LevelDB sees it, unless it `isChecked`. */
  openStore(path: string, createIfMissing: boolean, isChecked?: boolean): Promise<Store>;
}

export const realDisk: Disk = {
  files: realFiles,
  openStore: async (path, createIfMissing, isChecked = false) => {
    if (!createIfMissing && !isChecked) await checkUnusedTables(path);
    return openStore(path, createIfMissing);
  },
};
