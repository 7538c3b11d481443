/** What becomes of a thread that can't be had. Those that can: make-snapshot.test, host/persistence-commands.test. */

import { expect, test } from "vitest";
import { runJob } from "./run-job.js";

test("a thread that can't be started is a failure that is told, and nothing is thrown", async () => {
  // No thread can be given this. A limit of threads that is reached throws in the same place.
  const directory = (() => "") as unknown as string;
  const to = { index: 1, checksum: 1 };
  const job = runJob({ directory, previous: null, to, path: "nowhere", audited: null, keys: null });
  job.cancel();
  expect(job.writtenBytes).toBe(0);
  expect(await job.outcome).toMatchObject({ kind: "failed", logDamaged: false });
});
