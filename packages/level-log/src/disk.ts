/** All that this package does to a disk, in one place: production has the real one, tests have one that crashes. */

import { type Files, realFiles } from "./files.js";
import { openStore, type Store } from "./store.js";

export interface Disk {
  readonly files: Files;
  /** As `openStore` of store.ts. */
  openStore(path: string, createIfMissing: boolean): Promise<Store>;
}

export const realDisk: Disk = { files: realFiles, openStore };
