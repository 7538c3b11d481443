/** A child of jobs.ts: runs the seeds it is given until the parent hangs up. */

import { type Job, runJob } from "./jobs.js";

process.on("message", (job) => {
  process.send?.(runJob(job as Job));
});
