import { redisVersion, redoubtVersion } from "../config/index.js";

export const versionText = `Redoubt v${redoubtVersion} node=${process.version} redis_version=${redisVersion}\n`;

export const usageText = `Usage: redoubt-server [redoubt.conf] [--name value ...] [-]
       redoubt-server --help | --version

Starts one node. Options are those of the configuration file, which is written as a redis.conf;
the command line wins over the file. A last argument "-" reads more of it from standard input.

A member of a cluster needs to know who it is and who the others are:
  redoubt-server --node-id 1 --port 7001 --dir data-1 \\
    --peers 1@127.0.0.1:17001 2@127.0.0.1:17002 3@127.0.0.1:17003

The first start of every member of a new cluster, and only that one, also takes:
  --cluster-id NAME --bootstrap yes
and on one of them, for data to begin with:  --import dump.rdb

Signals: SIGTERM and SIGINT stop gracefully, SIGHUP opens the log file again.
All options: docs/reference/config.md. A whole cluster on this machine: npm start.
`;
