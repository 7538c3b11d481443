/** All that this package does to a disk, in one place: production has the real one, tests have one that crashes. */

import { type Files, realFiles } from "./files.js";
import { openStore, type Store } from "./store.js";
import { checkUnusedTables } from "./store-lock.js";

export interface Disk {
  readonly files: Files;
  /** As `openStore` of store.ts. One that is there was checked whole before LevelDB sees it. */
  openStore(path: string, createIfMissing: boolean): Promise<Store>;
}

export const realDisk: Disk = {
  files: realFiles,
  openStore: async (path, createIfMissing) => {
    if (!createIfMissing) await checkUnusedTables(path);
    return openStore(path, createIfMissing);
  },
};
