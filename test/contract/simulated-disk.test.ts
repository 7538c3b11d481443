/** The simulator's disk keeps the same contract as the real one; its time is driven from here. */

import { crc32c } from "@redoubt/raft";
import { SimulatedDisk, type SimulatedLog } from "../sim/world/disk.js";
import { EventQueue } from "../sim/world/event-queue.js";
import { SeededRandom } from "../sim/world/random.js";
import { type Birth, durableLogContract } from "./durable-log.js";
import { type NodeStorage, snapshotContract } from "./snapshots.js";

const BORN: Birth = { entries: [], hardState: { term: 0, vote: 0 } };
/** More than any sync takes here. Virtual ms. */
const STEP_MS = 1000;

function open({ entries, hardState }: Birth) {
  const queue = new EventQueue();
  const disk = new SimulatedDisk(queue, new SeededRandom(1), entries);
  disk.hardState = hardState;
  let running = true;
  const run = (): void => {
    queue.runUntil(queue.nowMs + STEP_MS);
    if (running) setImmediate(run);
  };
  setImmediate(run);
  const openAgain = async (): Promise<SimulatedLog> =>
    disk.open((failure) => {
      throw failure;
    });
  return {
    disk,
    openAgain,
    dispose: async () => {
      running = false;
    },
  };
}

durableLogContract("the simulated disk", async (birth) => {
  const { openAgain, dispose } = open(birth);
  const log = await openAgain();
  return { log: log, reopen: async () => await openAgain(), dispose };
});

snapshotContract("the simulated disk", async () => {
  const { disk, openAgain, dispose } = open(BORN);
  const storageOf = (log: SimulatedLog): NodeStorage => ({
    log: log,
    snapshots: log,
    adopt: async (snapshot, bytes, sent) => disk.snapshots.adopt({ snapshot, bytes }, sent),
  });
  const storage = storageOf(await openAgain());
  return { storage, digestOf: crc32c, reopen: async () => storageOf(await openAgain()), dispose };
});
