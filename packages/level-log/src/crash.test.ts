/**
 * Random histories against a model: restarts, crash images taken while batches are in flight, and every
 * mixture of an older with a newer watermark that power loss or a losing store could leave.
 */

import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Entry, HardState, Persist } from "@redoubt/raft";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  BORN,
  born,
  chain,
  contents,
  crashImage,
  openOrThrow,
  persistOf,
  plain,
  restart,
  TestDirectory,
} from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

interface Step {
  readonly cut: number | null;
  readonly lengths: readonly number[];
  readonly vote: number | null;
  /** What happens once the Persist is handed over. */
  readonly next: "go on" | "wait" | "crash image" | "restart";
}

const steps = fc.array(
  fc.record<Step>({
    cut: fc.option(fc.nat(), { nil: null, freq: 4 }),
    lengths: fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 70_000 })), { maxLength: 4 }),
    vote: fc.option(fc.nat({ max: 3 }), { nil: null }),
    next: fc.constantFrom("go on", "go on", "wait", "crash image", "restart"),
  }),
  { minLength: 1, maxLength: 12 },
);

interface State {
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

/** The Persists of a plan, and the state the log must be in after each; `states[0]` is at birth. */
function modelOf(plan: readonly Step[]): { persists: Persist[]; states: State[] } {
  const states: State[] = [{ entries: [], hardState: BORN }];
  const persists = plan.map(({ cut, lengths, vote }, step) => {
    const before = states.at(-1)!;
    const truncateFrom = cut === null ? 0 : 1 + (cut % (before.entries.length + 1));
    const kept = truncateFrom === 0 ? before.entries : before.entries.slice(0, truncateFrom - 1);
    const payloads = lengths.map((length) => Buffer.alloc(length, step + 1));
    const entries = chain(payloads, step + 1, kept.at(-1));
    const hardState = vote === null ? null : { term: step + 1, vote };
    states.push({ entries: [...kept, ...entries], hardState: hardState ?? before.hardState });
    return persistOf({ truncateFrom, entries, hardState });
  });
  return { persists, states };
}

function expected({ entries, hardState }: State): ReturnType<typeof contents> {
  return { hardState, entries: entries.map(plain), anchor: 0, snapshot: null };
}

describe("restarts and crashes", () => {
  test("trap-27 trap-28 after a crash the log is what some moment since the last done left", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const { persists, states } = modelOf(plan);
        const path = directory.fresh();
        let log = await born(path);
        let completed = 0;
        let newest = Promise.resolve();
        const images: { path: string; from: number; to: number }[] = [];
        for (const [at, step] of plan.entries()) {
          newest = new Promise((resolve) => {
            log.persist(persists[at]!, () => {
              completed++;
              resolve();
            });
          });
          if (step.next === "wait") await newest;
          if (step.next === "crash image") {
            // Somewhere inside the batch: a few rounds of the event loop are enough to start it.
            await new Promise((resolve) => setImmediate(resolve));
            const image = directory.fresh();
            const from = completed;
            crashImage(path, image);
            images.push({ path: image, from, to: at + 1 });
          }
          if (step.next === "restart") {
            await log.close();
            expect(completed).toBe(at + 1);
            log = await openOrThrow(path);
            expect(contents(log)).toEqual(expected(states[at + 1]!));
          }
        }
        await log.close();
        expect(await restart(path)).toEqual(expected(states.at(-1)!));
        for (const image of images) {
          const allowed = states.slice(image.from, image.to + 1).map(expected);
          expect(allowed).toContainEqual(await restart(image.path));
        }
      }),
      { numRuns: 25, seed: 20_260 },
    );
  });

  test("trap-47 trap-26 an older watermark is harmless, an older store is found", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const { persists, states } = modelOf(plan);
        const path = directory.fresh();
        const log = await born(path);
        const images = [directory.fresh()];
        crashImage(path, images[0]!);
        for (const persist of persists) {
          await new Promise<void>((resolve) => log.persist(persist, resolve));
          images.push(directory.fresh());
          crashImage(path, images.at(-1)!);
        }
        await log.close();
        for (const [store, mark] of pairs(images.length)) {
          const mixed = directory.fresh();
          cpSync(images[store]!, mixed, { recursive: true });
          const file = join("log", "watermark");
          cpSync(join(images[mark]!, file), join(mixed, file));
          const written = persists.slice(store, mark).some(isWritten);
          const outcome = written ? "LOG_DAMAGED" : expected(states[store]!);
          expect(await restart(mixed)).toEqual(outcome);
        }
      }),
      { numRuns: 12, seed: 47 },
    );
  });
});

/** The newest store with every watermark, and every store with the newest watermark. */
function pairs(count: number): [store: number, mark: number][] {
  const all: [number, number][] = [];
  for (let at = 0; at < count; at++) all.push([count - 1, at], [at, count - 1]);
  return all;
}

function isWritten({ truncateFrom, entries, hardState }: Persist): boolean {
  return truncateFrom !== 0 || entries.length > 0 || hardState !== null;
}
