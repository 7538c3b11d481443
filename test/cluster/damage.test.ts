/** A short run of `npm run damage`: every change of a file of a stopped node is reported, or proved harmless. */

import { expect, test } from "vitest";
import { runCampaign } from "../damage/campaign.js";
import { runsLong } from "../support/long-test.js";

/** Cases. Each stops and starts a node. */
const CASES = runsLong ? 100 : 4;

test("trap-25 trap-26 a stopped node's damaged file is reported and rebuilt, or changes nothing", async () => {
  const { cases, acknowledged, reads } = await runCampaign({
    cases: CASES,
    seed: Math.trunc(Math.random() * 2 ** 31),
    onCase: () => {},
  });
  expect(cases).toHaveLength(CASES);
  expect(acknowledged).toBeGreaterThan(0);
  expect(reads).toBeGreaterThan(0);
});
