import { expect, test } from "vitest";
import { ScoredMembers } from "./scored-members.js";

test.each([1, 2, 3, 100])("are what one Map has, in Maps of %i members", (mapMembersMax) => {
  const scored = new ScoredMembers(mapMembersMax);
  const model = new Map<string, number>();
  for (let i = 0; i < 40; i++) {
    const member = `m${(i * 7) % 11}`;
    expect(scored.get(member)).toBe(model.get(member));
    scored.set(member, i);
    model.set(member, i);
  }
  expect(scored.entries()).toEqual([...model]);
  expect(scored.get("none")).toBeUndefined();
});
