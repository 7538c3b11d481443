/** A disk that is really full: a small tmpfs. Needs the right to mount; says so when it is skipped. */

import { execFileSync } from "node:child_process";
import { mkdirSync, rmdirSync } from "node:fs";
import { expect, test } from "vitest";
import { bootstrapLog } from "./bootstrap.js";
import { openLog } from "./open.js";
import { BORN, chain, IDENTITY, persistOf, restart, TestDirectory } from "./test-support.js";

const PAYLOAD_BYTES = 50_000;
const SMALL_DISK = "size=2m";
const LARGE_DISK = "size=64m";

test("trap-29 a full disk is fatal; with space again nothing acknowledged is gone", async (context) => {
  const directory = new TestDirectory();
  const disk = directory.fresh();
  mkdirSync(disk);
  if (!mount(disk, SMALL_DISK)) {
    directory.remove();
    return context.skip("a tmpfs cannot be mounted here");
  }
  try {
    const path = `${disk}/node`;
    await bootstrapLog({ directory: path, identity: IDENTITY, entries: [], hardState: BORN });
    const { acknowledged, code } = await fill(path);
    expect(code).toBe("WRITE_FAILED");
    expect(acknowledged).toBeGreaterThan(10);
    expect(mount(disk, `remount,${LARGE_DISK}`)).toBe(true);
    const found = await restart(path);
    expect(found).toBeTypeOf("object");
    const { entries } = found as { entries: unknown[] };
    expect(entries.length).toBeGreaterThanOrEqual(acknowledged);
  } finally {
    execFileSync("umount", [disk]);
    rmdirSync(disk);
    directory.remove();
  }
});

/** Appends until the log says that it cannot; how many entries it had acknowledged by then. */
async function fill(directory: string): Promise<{ acknowledged: number; code: unknown }> {
  let acknowledged = 0;
  let stopped = false;
  let stop: (error: Error) => void = () => {};
  const fatal = new Promise<Error>((resolve) => {
    stop = resolve;
  });
  const onFatal = (error: Error) => {
    stopped = true;
    stop(error);
  };
  const log = await openLog({ directory, nodeId: 1, clusterId: null, onFatal });
  const append = (after: { index: number; checksum: number }): void => {
    const [entry] = chain([new Uint8Array(PAYLOAD_BYTES).fill(after.index)], 1, after);
    log.persist(persistOf({ entries: [entry!] }), () => {
      expect(stopped).toBe(false);
      acknowledged = entry!.index;
      append(entry!);
    });
  };
  append({ index: 0, checksum: 0 });
  const error = await fatal;
  await log.close();
  return { acknowledged, code: "code" in error ? error.code : undefined };
}

function mount(directory: string, options: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
