import { RdbWriter } from "@redoubt/keyspace";
import { crc32c } from "@redoubt/raft";
import { expect, test } from "vitest";
import { LOAD_LOOK_BYTES, LOAD_LOOK_KEYS } from "./constants.js";
import { writeHeader } from "./snapshot-fields.js";
import { StateLoad } from "./state-load.js";
import { BytesSource } from "./testing/bytes-source.js";

/** Of `count` keys with values of `bytes` each. */
function loadOf(count: number, bytes: number): StateLoad {
  const blocks: Uint8Array[] = [];
  const writer = new RdbWriter({ write: (block) => blocks.push(block) });
  const voters = [{ id: 1, incarnation: 1, peerAddress: "127.0.0.1:7001" }];
  const members = { clusterId: "cluster", voters, votersOutgoing: [], learners: [] };
  const configuration = { index: 1, configuration: members };
  const tip = { index: 9, term: 2, checksum: 77 };
  writeHeader(writer, { ...tip, configuration, logTimeMs: 5 });
  for (let i = 0; i < count; i++) writer.key(`k${i}`, "x".repeat(bytes), 0);
  writer.finish();
  const file = Buffer.concat(blocks);
  const snapshot = { ...tip, configuration, bytes: file.length, digest: crc32c(file) };
  // A millisecond goes by between two looks.
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs++, wallMs: () => 0 };
  return new StateLoad(snapshot, new BytesSource(file), clock, Number.MAX_SAFE_INTEGER);
}

test("trap-38 the clock is looked at behind so many keys, and behind so many bytes", () => {
  const sliceMs = 0.5;
  const small = loadOf(3 * LOAD_LOOK_KEYS, 10);
  expect(small.step(sliceMs)).toBe(false);
  expect(small.keys).toBe(LOAD_LOOK_KEYS);

  const large = loadOf(5, LOAD_LOOK_BYTES);
  for (let keys = 1; keys <= 5; keys++) {
    expect(large.step(sliceMs)).toBe(false);
    expect(large.keys).toBe(keys);
  }
  expect(large.step(sliceMs)).toBe(true);
  expect(large.keyspace.size).toBe(5);
});
