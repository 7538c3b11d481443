import { expect, test } from "vitest";
import type { ProcessNode } from "../cluster/process-node.js";
import { ringCuts } from "./network-faults.js";

for (const count of [5, 6, 7, 9]) {
  test(`in a ring of ${count} each sees a majority, and no two the same one`, () => {
    const ids = Array.from({ length: count }, (_, at) => at + 1);
    const nodes = ids.map((id) => ({ id })) as ProcessNode[];
    const cuts = ringCuts(nodes);
    const views = ids.map((from) =>
      ids.filter((to) => !cuts.some((link) => link.from === from && link.to === to)),
    );
    expect(views.every((view) => view.length > count / 2 && view.length < count)).toBe(true);
    expect(new Set(views.map((view) => view.join())).size).toBe(count);
    expect(
      cuts.every(({ from, to }) => cuts.some((back) => back.from === to && back.to === from)),
    ).toBe(true);
  });
}
