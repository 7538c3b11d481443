import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ServerConfig } from "./config/index.js";
import { startLogging } from "./logging.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-logging-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function configured(file: string, level: string): ServerConfig {
  const member = ["--node-id", "3", "--peers", "3@127.0.0.1:17003"];
  const log = ["--dir", directory, "--logfile", file, "--loglevel", level];
  return ServerConfig.parse([...member, ...log], () => "");
}

function lines(file: string): { level: string; msg: string; node: number }[] {
  const text = readFileSync(join(directory, file), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("a line is in the file, as JSON, when the call returns", () => {
  const { logger } = startLogging(configured("a.log", "notice"));
  logger.info({ port: 7003 }, "listening");
  logger.fatal({ err: new Error("no space") }, "cannot go on");
  expect(lines("a.log")).toMatchObject([
    { level: "info", msg: "listening", node: 3, port: 7003, pid: process.pid },
    { level: "fatal", msg: "cannot go on", err: { message: "no space" } },
  ]);
});

test("only lines of the level are written, and CONFIG SET loglevel changes it at once", () => {
  const config = configured("b.log", "warning");
  const { logger } = startLogging(config);
  const all = (round: string): void => {
    logger.debug({}, `debug ${round}`);
    logger.info({}, `info ${round}`);
    logger.warn({}, `warn ${round}`);
    logger.error({}, `error ${round}`);
  };
  all("warning");
  for (const level of ["notice", "verbose", "debug"]) {
    expect(config.set("loglevel", level)).toBeNull();
    all(level);
  }
  const count = (level: string): number =>
    lines("b.log").filter((each) => each.level === level).length;
  expect(["debug", "info", "warn", "error"].map(count)).toEqual([1, 3, 4, 4]);
});

test("after reopen lines go to a new file of the same name", async () => {
  const { logger, reopen } = startLogging(configured("c.log", "notice"));
  logger.info({}, "before");
  renameSync(join(directory, "c.log"), join(directory, "c.log.1"));
  reopen();
  logger.info({}, "after");
  expect(lines("c.log.1").map(({ msg }) => msg)).toEqual(["before"]);
  expect(lines("c.log").map(({ msg }) => msg)).toEqual(["after"]);
});

test("a log file that cannot be opened is refused at start", () => {
  expect(() => startLogging(configured("missing/d.log", "notice"))).toThrow(/ENOENT/);
});
