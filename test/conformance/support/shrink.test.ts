import { expect, test } from "vitest";
import { shrink } from "./shrink.js";

test("what is left fails, and no part of it can be spared", async () => {
  const all = Array.from({ length: 100 }, (_, i) => i);
  const failureOf = (items: readonly number[]) =>
    Promise.resolve([3, 40, 41, 99].every((one) => items.includes(one)) ? "fails" : null);
  const { items, failure } = await shrink(all, "fails", failureOf);
  expect(items).toEqual([3, 40, 41, 99]);
  expect(failure).toBe("fails");
});
