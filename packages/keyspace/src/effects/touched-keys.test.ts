import fc from "fast-check";
import { expect, test } from "vitest";
import type { Keyspace } from "../keyspace.js";
import { Leader, program } from "../testing/random-program.js";
import { applyBatch } from "./apply-batch.js";
import { BatchReader } from "./batch-reader.js";
import * as kind from "./kinds.js";
import { forEachTouched, passFields } from "./touched-keys.js";

/** What can be seen of each key. */
function marks(keyspace: Keyspace): Map<string, string> {
  const found = new Map<string, string>();
  keyspace.forEachKey((key, _value, deadlineMs) => {
    found.set(key, `${keyspace.markOf(key)} ${deadlineMs}`);
  });
  return found;
}

test("nothing changes that a batch does not name, and every kind of effect is passed over to its end", () => {
  const seen = new Set<number>();
  fc.assert(
    fc.property(program, (steps) => {
      const leader = new Leader();
      const follower = new Leader().keyspace;
      for (const step of steps) leader.run(step);
      leader.seal();
      for (const payload of leader.payloads) {
        const touched = new Set<string>();
        let all = false;
        forEachTouched(payload, {
          touched: (key) => touched.add(key),
          touchedAll: () => {
            all = true;
          },
        });
        const before = marks(follower);
        applyBatch(follower, payload);
        const after = marks(follower);
        for (const key of new Set([...before.keys(), ...after.keys()])) {
          if (!all && !touched.has(key)) expect(after.get(key)).toBe(before.get(key));
        }
        const reader = new BatchReader(payload);
        while (reader.next()) {
          seen.add(reader.kind);
          passFields(reader);
        }
      }
    }),
    { seed: 51, numRuns: 200 },
  );
  for (const each of kind.COLLECTION_KINDS) expect(seen, `kind ${each}`).toContain(each);
  for (const each of [kind.RENAME, kind.COPY, kind.FLUSH_ALL]) expect(seen).toContain(each);
});
