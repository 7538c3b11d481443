/** A child of jobs.ts: runs the programs it is given until it is told the end. */

import { RedisServer, redisVersion } from "../conformance/support/redis-server.js";
import { END, type Job } from "./jobs.js";
import { runPrograms } from "./programs.js";

const redis = redisVersion() === null ? null : await RedisServer.start();

process.on("message", async (message) => {
  if (message !== END) {
    const job = message as Job;
    process.send?.(await runPrograms(job.from, job.count, redis));
    return;
  }
  await redis?.stop();
  process.disconnect();
});
