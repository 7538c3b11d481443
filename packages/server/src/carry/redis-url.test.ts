import { expect, test } from "vitest";
import { isRedisUrl, parseRedisUrl } from "./redis-url.js";

test("a source is host and port, with user, password and database where they are said", () => {
  expect(parseRedisUrl("redis://db.example")).toEqual({
    address: "db.example:6379",
    user: "",
    password: "",
    database: null,
  });
  expect(parseRedisUrl("redis://me:p%40ss@[::1]:7000/2")).toEqual({
    address: "[::1]:7000",
    user: "me",
    password: "p@ss",
    database: 2,
  });
  expect(parseRedisUrl("redis://:only@127.0.0.1:1")).toMatchObject({ user: "", password: "only" });
});

test("what can't be asked is refused, and no refusal tells the password", () => {
  for (const text of [
    "rediss://host:1",
    "redis://",
    "redis://u:secret@host:99999",
    "redis://u:secret@host/name",
    "redis://u:secret@host:1/0?x=1",
    "redis://user@host",
    "redis://u:secret%zz@host",
  ]) {
    const refusal = parseRedisUrl(text);
    expect([text, typeof refusal]).toEqual([text, "string"]);
    expect(refusal).not.toContain("secret");
  }
  expect(isRedisUrl("dump.rdb")).toBe(false);
  expect(isRedisUrl("REDIS://h")).toBe(true);
});
