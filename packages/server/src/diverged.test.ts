import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SnapshotDescription } from "@redoubt/raft";
import { afterEach, describe, expect, test } from "vitest";
import { type DivergedMark, divergedMark, markDiverged } from "./diverged.js";
import { eventually } from "./gateway/test-support.js";
import { bornMember, removeMembers } from "./node-log-test-support.js";
import { SharedProgress } from "./snapshot/job.js";
import { makeSnapshot } from "./snapshot/make-snapshot.js";

afterEach(removeMembers);

const stateMark: DivergedMark = {
  code: "STATE_DIVERGED",
  found: "the state of this node at index 7 has another digest",
  snapshot: null,
};

/** A member's directory with a snapshot of its first entry, and how it is opened again. */
async function born(extra: readonly string[] = []) {
  const { directory, log, open, stopping, lines } = await bornMember(extra);
  const path = log.snapshots.temporaryPath();
  const { lastIndex: index, lastChecksum: checksum } = log.initial;
  const made = await makeSnapshot({
    directory,
    previous: null,
    to: { index, checksum },
    path,
    keys: null,
    audited: null,
    shared: new SharedProgress().buffer,
  });
  if (made.kind === "failed") throw new Error(made.message);
  await log.snapshots.adopt(made.snapshot, path, () => []);
  await log.close();
  const said = (text: string): boolean => lines.some(({ event }) => event.includes(text));
  return { directory, snapshot: made.snapshot, open, stopping, said };
}

/** A mark about `snapshot`. */
function snapshotMark(snapshot: SnapshotDescription, change = 0): DivergedMark {
  const { index, digest } = snapshot;
  const found = "a snapshot does not hold the state that most nodes had";
  return { code: "SNAPSHOT_OTHER_STATE", found, snapshot: { index, digest: digest + change } };
}

describe("trap-43 trap-25 a node whose state was found to be another than most members'", () => {
  test.each(["the state", "the snapshot"])(
    "asks for a place before it starts from %s again; what it has stays until it has one",
    async (what) => {
      const { directory, snapshot, open, stopping, said } = await born();
      const mark = what === "the state" ? stateMark : snapshotMark(snapshot);
      expect(markDiverged(directory, mark)).toBeNull();
      const refused = expect(open()).rejects.toMatchObject({ code: "JOIN_STOPPED" });
      await eventually(() => said("asks to join"));
      stopping.abort();
      await refused;
      expect(readdirSync(directory)).toEqual(["log"]);
      expect(divergedMark(directory, snapshot)).toEqual(mark);
    },
  );

  test("starts as always when another snapshot than the doubted one is the newest", async () => {
    const { directory, snapshot, open } = await born();
    markDiverged(directory, snapshotMark(snapshot, 1));
    const { log, quarantine } = await open();
    await log.close();
    expect(quarantine).toBeNull();
  });

  test("does not start where it may not ask", async () => {
    const { directory, snapshot, open } = await born(["--rejoin", "no"]);
    markDiverged(directory, snapshotMark(snapshot));
    await expect(open()).rejects.toMatchObject({ code: "SNAPSHOT_OTHER_STATE" });
    markDiverged(directory, stateMark);
    await expect(open()).rejects.toMatchObject({ code: "STATE_DIVERGED" });
    expect(readdirSync(directory)).toEqual(["log"]);
  });
});

describe("a mark", () => {
  test("about the state is not replaced by one about a snapshot", async () => {
    const { directory, snapshot } = await born();
    markDiverged(directory, snapshotMark(snapshot));
    markDiverged(directory, stateMark);
    markDiverged(directory, snapshotMark(snapshot, 1));
    expect(divergedMark(directory, null)).toEqual(stateMark);
    expect(existsSync(join(directory, "log", "diverged.tmp"))).toBe(false);
  });

  test("that nobody understands counts", async () => {
    const { directory, snapshot } = await born();
    for (const text of ["", "{", "null", '{"code":"STATE_DIVERGED"}', '{"code":1,"found":"x"}']) {
      writeFileSync(join(directory, "log", "diverged"), text);
      expect(divergedMark(directory, snapshot)).toMatchObject({ code: "STATE_DIVERGED" });
    }
  });

  test("that can't be left says why", async () => {
    const { directory } = await born();
    const failure = markDiverged(join(directory, "nowhere"), stateMark);
    expect(failure).toMatchObject({ code: "ENOENT" });
  });
});
