import { expect, test } from "vitest";
import { hold } from "./contest.js";
import { Servers } from "./servers.js";
import { leaderSide, type Server } from "./sides.js";
import { SET, shaped } from "./workloads.js";

const options = {
  groups: [],
  rounds: 2,
  seconds: 0.01,
  only: "",
  json: null,
  page: null,
  check: false,
};

test("a side that is not installed, or does not start, is left out", async () => {
  const absent: Server = { name: "absent", start: () => Promise.resolve(null) };
  const broken: Server = { name: "broken", start: () => Promise.reject(new Error("no disk")) };
  const sides = [leaderSide("first", absent), leaderSide("second", broken)];
  const [found] = await hold(
    [{ workload: shaped(SET, { connections: 1 }), sides }],
    new Servers(),
    options,
    () => {},
  );
  expect(found).toEqual({ workload: "SET, 1 connection", first: "first", sides: [] });
});
