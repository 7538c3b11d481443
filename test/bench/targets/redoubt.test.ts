import { ServerConfig } from "@redoubt/server";
import { expect, test } from "vitest";
import { NO_SNAPSHOTS } from "./redoubt.js";

test("a node that is measured begins no snapshot by itself, however much it writes", () => {
  const lines = NO_SNAPSHOTS.map((setting) => setting.replace("=", " ").replace(/ $/, ' ""'));
  const text = ["node-id 1", "peers 1@127.0.0.1:17001", "dir /tmp", ...lines].join("\n");
  const config = ServerConfig.parse(["redoubt.conf"], () => text);
  expect(config.savePoints).toEqual([]);
  expect(config.logSnapshotBytes).toBe(0);
  expect(config.logSnapshotEntries).toBe(0);
});
