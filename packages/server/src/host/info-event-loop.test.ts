/** docs/reference/event-loop.md names what INFO tells of the event loop, and every cause there is. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EventLoopMeter } from "../event-loop/event-loop-meter.js";
import { GC_KINDS } from "../event-loop/gc-pauses.js";
import type { ThreadTime } from "../event-loop/thread-time.js";
import { TURN_PARTS } from "../event-loop/turn-times.js";
import { eventLoopLines } from "./info-event-loop.js";

const path = fileURLToPath(new URL("../../../../docs/reference/event-loop.md", import.meta.url));
/** Names in the first column, table by table. */
const [fields, causes] = readFileSync(path, "utf8")
  .split(/^\| (?:field|cause) \|/m)
  .slice(1)
  .map((table) =>
    [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`(.+?)`/g)].map(([, name]) => name!),
    ),
  );

test("the page has every field, and no other", () => {
  const namesFor = (thread: ThreadTime | null) => {
    const meter = new EventLoopMeter({
      monotonicMs: () => 0,
      wallMs: () => 0,
      threadTime: () => thread,
      snapshots: () => ({ servingMs: 0, underWay: false }),
    });
    return eventLoopLines(meter).map(([name]) => name);
  };
  expect(namesFor({ runningMs: 0, noCpuMs: 0 })).toEqual(fields);
  expect(namesFor(null)).toEqual(fields!.filter((name) => !name.includes("_own_")));
});

test("the page has every cause", () => {
  expect(causes).toEqual([
    "no-cpu",
    ...GC_KINDS.map((kind) => `gc-${kind}`),
    "snapshot",
    ...TURN_PARTS.map((part) => `turn-${part}`),
    "blocked",
    "outside-turns",
    "several",
    "none",
  ]);
});
