/**
 * Rows against COMMAND INFO and COMMAND DOCS of a real redis-server 7.0. What differs on purpose is in
 * the tables below with its reason; an entry that no longer differs fails, so the tables stay true.
 */

import { commandTable } from "@redoubt/commands";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { type RespValue, readFrame } from "./support/resp-value.js";
import { Subject } from "./support/subject.js";

/** Rows of Redis 7.2 which 7.0 has not, and our own. */
const rowsRedisLacks: Readonly<Record<string, string>> = {
  "client|setinfo": "since 7.2",
  "client|no-touch": "since 7.2",
  waitaof: "since 7.2",
  "debug|sleep": "DEBUG has no subcommand rows there; here each says what it reveals",
  "debug|digest": "as debug|sleep",
  "debug|statedigest": "ours",
  redoubt: "ours",
  "redoubt|status": "ours",
  "redoubt|member": "ours",
  "redoubt|transfer": "ours",
  "redoubt|snapshot": "ours",
  "redoubt|log": "ours",
  "redoubt|help": "ours",
};

/** Fields that differ, by row. */
const infoDifferences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "command|getkeys": { arity: "7.2 takes a command without arguments, 7.0 does not" },
  "command|getkeysandflags": { arity: "as command|getkeys" },
  zrank: { arity: "WITHSCORE is 7.2's" },
  zrevrank: { arity: "as zrank" },
  "cluster|forget": { flags: "not inside MULTI: it appends an entry of its own" },
};

/** Arguments that are written down otherwise. */
const syntaxDifferences: Readonly<Record<string, string>> = {
  "client|kill": "7.2's shape, with SKIPME's two words spelt out",
  "client|list": "an id list is a repeated argument, not a block around one",
  "config|get": "a repeated argument, not a block around one",
  zadd: "a word is named by itself; there CH is change and INCR is increment",
  zrank: "WITHSCORE is 7.2's",
  zrevrank: "as zrank",
  "command|getkeys": "7.0 documents no arguments",
  "command|getkeysandflags": "7.0 documents no arguments",
  xadd: "7.2's names, with hyphens",
  xsetid: "7.2's names, with hyphens",
  xclaim: "7.2's name of LASTID's argument",
  "xgroup|create": "7.2's names",
  "xgroup|setid": "7.2's names",
  "xgroup|destroy": "7.2's names",
  "xgroup|createconsumer": "7.2's names",
  "xgroup|delconsumer": "7.2's names",
  "xinfo|consumers": "7.2's names",
};

/** 7.0 does not yet call these deprecated. */
const deprecatedSince72 = new Set(["quit", "setnx", "setex", "psetex"]);

const version = redisVersion();
const comparable = version?.startsWith("7.0.") ?? false;

type Row = ReadonlyMap<string, string>;

describe.skipIf(!comparable)("rows like redis-server 7.0 (skipped without it)", () => {
  let redis: RedisServer;
  const subject = new Subject(Math.random);

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  async function both(...argv: string[]): Promise<readonly [RespValue, RespValue]> {
    const request = argv.map((argument) => Buffer.from(argument, "latin1"));
    const ours = subject.execute(request, Date.now());
    return [readFrame(ours, 0)!.value, readFrame(await redis.call(...argv), 0)!.value];
  }

  test("arity, flags, positions, ACL categories, tips and key specifications are equal", async () => {
    const [ours, theirs] = await both("COMMAND");
    const reference = infoRows(theirs);
    const rows = infoRows(ours);
    expect(rows.size).toBeGreaterThan(100);
    for (const [name, row] of rows) {
      const other = reference.get(name);
      expect(other === undefined, `${name}: lacking there`).toBe(name in rowsRedisLacks);
      if (other !== undefined) expect(differences(row, other), name).toEqual(expectedOf(name));
    }
  });

  test("arguments and deprecations in COMMAND DOCS are equal", async () => {
    const [ours, theirs] = await both("COMMAND", "DOCS");
    const reference = docsRows(theirs);
    for (const [name, row] of docsRows(ours)) {
      const other = reference.get(name);
      if (other === undefined) continue;
      for (const field of ["since", "group", "deprecated_since"] as const) {
        if (field === "deprecated_since" && deprecatedSince72.has(name)) continue;
        expect(row.get(field), `${name}: ${field}`).toBe(other.get(field));
      }
      const equal = row.get("arguments") === other.get("arguments");
      if (name in syntaxDifferences) expect(equal, `${name} differs no longer`).toBe(false);
      else expect(row.get("arguments"), name).toBe(other.get("arguments"));
    }
  });

  test.each([
    ["COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2"],
    ["COMMAND", "GETKEYS", "MSET", "a", "1", "b"],
    ["COMMAND", "GETKEYS", "MSET", "a"],
    ["COMMAND", "GETKEYS", "nosuch", "a"],
    ["COMMAND", "GETKEYS", "client", "nosuch"],
    ["COMMAND", "GETKEYS", "client", "list"],
    ["COMMAND", "GETKEYS", "copy", "a", "b", "REPLACE"],
    ["COMMAND", "GETKEYSANDFLAGS", "set", "a", "b", "nx", "get"],
    ["COMMAND", "GETKEYSANDFLAGS", "set", "a", "GET"],
    ["COMMAND", "GETKEYSANDFLAGS", "rename", "a", "b"],
    ["COMMAND", "LIST", "FILTERBY", "PATTERN", "[gG]etde?"],
    ["COMMAND", "LIST", "FILTERBY", "MODULE", "x"],
    ["COMMAND", "LIST", "FILTERBY", "nosuch", "x"],
    ["COMMAND", "LIST", "FILTERBY", "ACLCAT", "nosuch"],
    ["COMMAND", "LIST", "x"],
    ["COMMAND", "nosuch"],
    ["COMMAND", "INFO", "nosuch", "get", "client|id"],
    ["COMMAND", "DOCS", "nosuch"],
    ["COMMAND", "COUNT", "x"],
  ])("%s %s %s %s", async (...argv) => {
    for (const protocol of [2, 3] as const) {
      await redis.call("HELLO", String(protocol));
      subject.protocol = protocol;
      const request = argv.map((argument) => Buffer.from(argument, "latin1"));
      const ours = subject.execute(request, Date.now()).toString("latin1");
      expect(ours).toBe((await redis.call(...argv)).toString("latin1"));
    }
    await redis.call("HELLO", "2");
    subject.protocol = 2;
  });
});

test("every row that COMMAND DOCS shows has its words", () => {
  for (const row of commandTable.rows) {
    for (const one of [row, ...(row.subcommands?.values() ?? [])]) {
      expect(one.summary, one.fullName).toMatch(/^[A-Z].*\.$/s);
      expect(one.complexity, one.fullName).not.toBe("");
      expect(one.since, one.fullName).toMatch(/^\d+\.\d+\.\d+$/);
    }
  }
});

function expectedOf(name: string): readonly string[] {
  return Object.keys(infoDifferences[name] ?? {});
}

function differences(ours: Row, theirs: Row): string[] {
  return [...ours].filter(([field, value]) => theirs.get(field) !== value).map(([field]) => field);
}

const infoFields = ["name", "arity", "flags", "first", "last", "step", "acl", "tips", "keys"];

/** By full name, subcommands beside their containers; sets in one order. */
function infoRows(reply: RespValue): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const entry of reply as RespValue[][]) {
    const row = new Map<string, string>();
    infoFields.forEach((field, i) => {
      const value = entry[i]!;
      const isSet = field === "flags" || field === "acl" || field === "tips";
      row.set(field, JSON.stringify(isSet ? [...(value as string[])].sort() : value));
    });
    rows.set(entry[0] as string, row);
    for (const [name, sub] of infoRows(entry[9]!)) rows.set(name, sub);
  }
  return rows;
}

function docsRows(reply: RespValue): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const [name, doc] of pairs(reply)) {
    const fields = new Map(pairs(doc));
    const row = new Map<string, string>();
    for (const field of ["since", "group", "deprecated_since"]) {
      row.set(field, String(fields.get(field)));
    }
    row.set("arguments", argumentShape(fields.get("arguments") ?? []));
    rows.set(name, row);
    for (const [sub, subRow] of docsRows(fields.get("subcommands") ?? [])) rows.set(sub, subRow);
  }
  return rows;
}

/** Names of groups are not compared: 7.0 and 7.2 name them differently. */
function argumentShape(items: RespValue): string {
  const shapes = (items as RespValue[]).map((item) => {
    const fields = new Map(pairs(item));
    const type = String(fields.get("type"));
    const name = fields.has("arguments") ? "" : String(fields.get("name"));
    const flags = [...((fields.get("flags") as string[] | undefined) ?? [])].sort().join();
    const children = fields.has("arguments") ? argumentShape(fields.get("arguments")!) : "";
    const facts = [name, type, fields.get("token"), fields.get("key_spec_index"), flags];
    return `${facts.join(":")}${children}`;
  });
  return `(${shapes.join(" ")})`;
}

function pairs(flat: RespValue): [string, RespValue][] {
  const elements = flat as RespValue[];
  const result: [string, RespValue][] = [];
  for (let i = 0; i < elements.length; i += 2) {
    result.push([elements[i] as string, elements[i + 1]!]);
  }
  return result;
}
