import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stateDigest } from "../digest/state-digest.js";
import { StateSum } from "../digest/state-sum.js";
import type { Keyspace } from "../keyspace.js";
import { Leader, program } from "../testing/random-program.js";
import { fileOf, loaded, MemorySink, MemorySource } from "../testing/rdb-files.js";
import { RdbReader } from "./rdb-reader.js";
import { RdbWriter } from "./rdb-writer.js";

function ran(steps: readonly Parameters<Leader["run"]>[0][]): Keyspace {
  const leader = new Leader();
  for (const step of steps) leader.run(step);
  leader.seal();
  return leader.keyspace;
}

describe("any state", () => {
  test("written and read back it is the same, however the bytes come", () => {
    fc.assert(
      fc.property(program, fc.constantFrom(1, 7, 1000), (steps, stepBytes) => {
        const keyspace = ran(steps);
        const back = loaded(fileOf(keyspace), stepBytes);
        back.logTimeMs = keyspace.logTimeMs;
        expect(stateDigest(back)).toBe(stateDigest(keyspace));
        expect(back.volatileSize).toBe(keyspace.volatileSize);
      }),
      { seed: 20, numRuns: 200 },
    );
  });

  test("copied record by record the file is the same, byte by byte", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const file = fileOf(ran(steps));
        const sink = new MemorySink();
        const writer = new RdbWriter(sink);
        const reader = new RdbReader(new MemorySource(file, 13));
        for (let part = reader.next(); part !== "end"; part = reader.next()) {
          if (part === "aux") writer.aux(reader.auxName, reader.auxValue);
          else if (part === "function") writer.library(reader.functionCode);
          else reader.copyTo(writer);
        }
        writer.finish();
        expect(sink.bytes().equals(file)).toBe(true);
        expect(writer.bytesWritten).toBe(file.length);
        expect([reader.bytesRead, reader.isChecked]).toEqual([file.length, true]);
      }),
      { seed: 21, numRuns: 100 },
    );
  });

  test("what was summed up and taken away again leaves the digest of the rest", () => {
    fc.assert(
      fc.property(program, program, (first, second) => {
        const kept = ran(first);
        const gone = ran(second);
        const owed = new StateSum();
        gone.forEachKey((...entry) => owed.subtract(...entry));
        gone.libraries.forEach((...library) => {
          owed.subtractLibrary(...library);
        });
        const sum = new StateSum();
        gone.forEachKey((...entry) => sum.add(...entry));
        kept.forEachKey((...entry) => sum.add(...entry));
        for (const { libraries } of [gone, kept]) {
          libraries.forEach((...library) => {
            sum.addLibrary(...library);
          });
        }
        sum.addSum(owed);
        const carried = StateSum.fromText(sum.toText())!;
        expect(carried.keys).toBe(kept.size);
        expect(carried.digest(kept.logTimeMs)).toBe(stateDigest(kept));
      }),
      { seed: 22, numRuns: 100 },
    );
    for (const text of ["", "0-0-0", `${"0".repeat(16)}-0`, `${"0".repeat(16)}--1-0`]) {
      expect(StateSum.fromText(text)).toBeNull();
    }
  });
});
