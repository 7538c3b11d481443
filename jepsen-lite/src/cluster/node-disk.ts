/** What a node's data directory lies on: the machine's file system, or one of its own that can lose its power. */

import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { builtShim } from "./build-shims.js";
import { DISK_MEGABYTES, LONG_TOOL_TIMEOUT_MS, TOOL_TIMEOUT_MS } from "./constants.js";
import { complaintOf, tool } from "./tool.js";
import { until } from "./until.js";

/** Of a full disk: a file of no meaning, where no server looks. */
const BALLAST = ".ballast";

export class NodeDisk {
  /** What a server is given. */
  readonly directory: string;
  /** null: a plain directory. */
  readonly #image: string | null;
  #isMounted = false;

  /** An empty one. `image`: path of the file that holds its file system; null: a plain directory. */
  static async create(directory: string, image: string | null): Promise<NodeDisk> {
    mkdirSync(directory, { recursive: true });
    const disk = new NodeDisk(directory, image);
    if (image !== null) {
      closeSync(openSync(image, "w"));
      truncateSync(image, DISK_MEGABYTES * 1024 * 1024);
      await tool("mkfs.ext4", ["-q", "-F", "-m", "0", image], { timeoutMs: LONG_TOOL_TIMEOUT_MS });
      await disk.powerOn();
    }
    return disk;
  }

  private constructor(directory: string, image: string | null) {
    this.directory = directory;
    this.#image = image;
  }

  /** It can lose its power, and it can be filled. */
  get isOwn(): boolean {
    return this.#image !== null;
  }

  get isPowered(): boolean {
    return this.#image === null || this.#isMounted;
  }

  /** What was synced is there again. */
  async powerOn(): Promise<void> {
    if (this.#image === null || this.#isMounted) return;
    await tool("mount", ["-o", "loop", this.#image, this.directory]);
    this.#isMounted = true;
    rmSync(join(this.directory, "lost+found"), { recursive: true, force: true });
  }

  /** Behind `cutPower`, when no process has it open any more. */
  async unmount(): Promise<void> {
    if (!this.#isMounted) return;
    // A server that was killed may have left a child that is still about to go.
    const look = (): Promise<string | null> => complaintOf(() => tool("umount", [this.directory]));
    await until(`unmounting ${this.directory}`, look, TOOL_TIMEOUT_MS);
    this.#isMounted = false;
  }

  /** By a process that is about to exit: what has it open loses it. */
  unmountAtExit(): void {
    if (this.#isMounted) spawnSync("umount", ["--lazy", this.directory]);
  }

  /** No byte is left for anybody. */
  async fill(): Promise<void> {
    const path = join(this.directory, BALLAST);
    const { bavail, bsize } = statfsSync(this.directory);
    // Nearly all at once; what is left is taken in ever smaller pieces, until each fails.
    const most = Math.floor(bavail * bsize * 0.97);
    await complaintOf(() => tool("fallocate", ["-l", String(most), path]));
    for (const piece of ["1M", "4k"]) {
      const words = ["if=/dev/zero", `of=${path}.${piece}`, `bs=${piece}`];
      await complaintOf(() => tool("dd", words));
    }
  }

  empty(): void {
    for (const suffix of ["", ".1M", ".4k"]) {
      rmSync(join(this.directory, BALLAST + suffix), { force: true });
    }
  }

  /** Every file is gone, as on a new disk. */
  wipe(): void {
    for (const name of readdirSync(this.directory)) {
      rmSync(join(this.directory, name), { recursive: true, force: true });
    }
  }
}

/** At the same moment; each has to be unmounted and powered on before it is of use again. */
export async function cutPower(disks: readonly NodeDisk[]): Promise<void> {
  await tool(
    await builtShim("power-off"),
    disks.map((disk) => disk.directory),
  );
}
