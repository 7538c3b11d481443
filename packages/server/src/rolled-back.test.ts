import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "./gateway/test-support.js";
import { bornMember, removeMembers } from "./node-log-test-support.js";
import { isRolledBack, LOG_ROLLED_BACK, markRolledBack } from "./rolled-back.js";

afterEach(removeMembers);

const found = new Error("an acknowledged entry is gone from the log");

/** A member's directory as its birth left it, and how it is opened again. */
async function born(extra: readonly string[] = []) {
  const member = await bornMember(extra);
  await member.log.close();
  return member;
}

describe("trap-43: a log that lacks what its node had acknowledged", () => {
  test("opens like any other until somebody finds it", async () => {
    const { directory, open } = await born();
    expect(isRolledBack(directory)).toBe(false);
    await (await open()).log.close();
  });

  test("is set aside, and the node asks for a place as another", async () => {
    const { directory, open, stopping, lines } = await born();
    expect(markRolledBack(directory, found)).toBeNull();
    const opened = open();
    const refused = expect(opened).rejects.toMatchObject({ code: "JOIN_STOPPED" });
    await eventually(() => lines.some(({ event }) => event.includes("asks to join")));
    expect(await readdir(directory)).toEqual(["log.damaged-1"]);
    expect(await readdir(join(directory, "log.damaged-1"))).toContain("rolled-back");
    stopping.abort();
    await refused;
  });

  test("does not open where the node may not ask", async () => {
    const { directory, open } = await born(["--rejoin", "no"]);
    markRolledBack(directory, found);
    await expect(open()).rejects.toMatchObject({ code: LOG_ROLLED_BACK });
    expect(await readdir(directory)).toEqual(["log"]);
  });

  test("that can't be marked says why", async () => {
    const { directory } = await born();
    expect(markRolledBack(join(directory, "nowhere"), found)).toMatchObject({ code: "ENOENT" });
  });
});
