import { expect, test } from "vitest";
import { followersOf } from "./choose-node.js";

test("a follower is asked before one that lacks more, and who is not heard comes last", () => {
  const member = (address: string, lag: number, leads = false) => ({ address, lag, leads });
  const members = [
    member("cut-off", Number.POSITIVE_INFINITY),
    member("leader", 0, true),
    member("behind", 900),
    member("", 0),
    member("level", 3),
    member("gone", Number.POSITIVE_INFINITY),
  ];
  expect(followersOf(members).map(({ address }) => address)).toEqual([
    "level",
    "behind",
    "cut-off",
    "gone",
  ]);
});
