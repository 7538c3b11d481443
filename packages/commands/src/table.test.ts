import { keySlot } from "@redoubt/keyspace";
import { describe, expect, test } from "vitest";
import { arityOk } from "./command-table.js";
import { unknownCommand, unknownSubcommand } from "./errors.js";
import { firstKeySlot, forEachKey } from "./keys.js";
import { defineRow, keyAt, keysFrom, numberedKeys, type RowSpec } from "./row.js";
import { commandTable } from "./table.js";
import { Harness } from "./testing/harness.js";
import type { CommandRow, KeySpec } from "./types.js";

function argv(line: string): Buffer[] {
  return line.split(" ").map((word) => Buffer.from(word, "latin1"));
}

function keysOf(row: CommandRow, line: string): string[] {
  const keys: string[] = [];
  forEachKey(row, argv(line), (key) => keys.push(key));
  return keys;
}

function rowWith(...keys: KeySpec[]): CommandRow {
  const spec: RowSpec = {
    name: "probe",
    arity: -1,
    keys,
    summary: "",
    since: "1.0.0",
    group: "generic",
    complexity: "",
    execute: () => {},
  };
  return defineRow(spec);
}

describe("the table", () => {
  test("finds a row whatever the case of its name", () => {
    for (const name of ["get", "GET", "Get", "gEt"]) {
      expect(commandTable.lookup(Buffer.from(name))?.name).toBe("get");
    }
    expect(commandTable.lookup(Buffer.from("nosuch"))).toBe(undefined);
    expect(commandTable.lookup(Buffer.from(""))).toBe(undefined);
    expect(commandTable.resolve(argv("Client LIST"))?.fullName).toBe("client|list");
    expect(commandTable.resolve(argv("Client nosuch"))).toBe(undefined);
    expect(commandTable.resolve(argv("client"))?.fullName).toBe("client");
  });

  test("arity counts the name, negative is a minimum", () => {
    const get = commandTable.lookup(Buffer.from("get"))!;
    const del = commandTable.lookup(Buffer.from("del"))!;
    expect([1, 2, 3].map((argc) => arityOk(get, argc))).toEqual([false, true, false]);
    expect([1, 2, 3].map((argc) => arityOk(del, argc))).toEqual([false, true, true]);
  });

  test("data rows and only they have a handler", () => {
    for (const row of allRows()) {
      const container = row.subcommands !== null && row.execute === null;
      expect(row.execute !== null || container, row.fullName).toBe(
        row.executor === "data" || container,
      );
    }
  });

  test("what a row reveals fits its keys", () => {
    for (const row of allRows()) {
      const unnamed = row.keySpecs.some(
        ({ begin }) => begin.type === "unknown" && begin.position === null,
      );
      if (unnamed) expect(row.visibility, row.fullName).toBe("wholeKeyspace");
      else if (row.keySpecs.length > 0) expect(row.visibility, row.fullName).toBe("keys");
      else if (row.fullName !== "exec") expect(row.visibility, row.fullName).not.toBe("keys");
      if (row.isWrite && row.keySpecs.length === 0) expect(row.visibility).toBe("wholeKeyspace");
    }
  });
});

describe("keys of a request", () => {
  test("follow the specifications of the real rows", () => {
    const of = (line: string) => keysOf(commandTable.resolve(argv(line))!, line);
    expect(of("get a")).toEqual(["a"]);
    expect(of("mset a 1 b 2")).toEqual(["a", "b"]);
    expect(of("del a b a")).toEqual(["a", "b", "a"]);
    expect(of("copy a b REPLACE")).toEqual(["a", "b"]);
    expect(of("watch a b")).toEqual(["a", "b"]);
    expect(of("ping a")).toEqual([]);
  });

  test("can be counted by an argument", () => {
    const row = rowWith(keyAt(1, "OW"), numberedKeys(2, "RO"));
    expect(keysOf(row, "probe to 2 a b WEIGHTS")).toEqual(["to", "a", "b"]);
    expect(keysOf(row, "probe to 0 a")).toEqual(["to"]);
    for (const bad of ["probe to 3 a b", "probe to x a", "probe to -1 a", "probe to"]) {
      expect(keysOf(row, bad), bad).toEqual(["to"]);
    }
  });

  test("can follow a keyword, from either end, and be limited", () => {
    const range = { type: "range", lastKey: -1, keyStep: 1, limit: 2 } as const;
    const begin = { type: "keyword", keyword: "STREAMS", startFrom: 1 } as const;
    const row = rowWith({ flags: ["RO"], notes: null, begin, find: range });
    expect(keysOf(row, "probe COUNT 1 streams a b 0 0")).toEqual(["a", "b"]);
    expect(keysOf(row, "probe COUNT 1")).toEqual([]);
    const one = { type: "range", lastKey: 0, keyStep: 1, limit: 0 } as const;
    const fromEnd = { type: "keyword", keyword: "STORE", startFrom: -2 } as const;
    const store = rowWith({ flags: ["OW"], notes: null, begin: fromEnd, find: one });
    expect(keysOf(store, "probe STORE x STORE y")).toEqual(["y"]);
  });

  test("give the slot of the first, or none", () => {
    const row = rowWith(keysFrom(1, 1, "RO"));
    expect(firstKeySlot(row, argv("probe {tag}a b"))).toBe(keySlot("tag"));
    expect(firstKeySlot(row, argv("probe"))).toBe(-1);
    expect(firstKeySlot(rowWith(numberedKeys(1, "RO")), argv("probe 0 a"))).toBe(-1);
  });
});

describe("errors", () => {
  test("an unknown command shows the beginning of its arguments", () => {
    expect(unknownCommand(argv("nosuch a b"))).toBe(
      "ERR unknown command 'nosuch', with args beginning with: 'a' 'b' ",
    );
    const long = unknownCommand([Buffer.from("x".repeat(300)), Buffer.from("y".repeat(300))]);
    expect(long).toBe(
      `ERR unknown command '${"x".repeat(128)}', with args beginning with: '${"y".repeat(128)}' `,
    );
  });

  test("an unknown subcommand names the help", () => {
    const client = commandTable.lookup(Buffer.from("client"))!;
    expect(unknownSubcommand(client, Buffer.from("nosuch\0x"))).toBe(
      "ERR unknown subcommand 'nosuch'. Try CLIENT HELP.",
    );
  });
});

test("HELP lists every subcommand with its usage", () => {
  const help = new Harness().run("COMMAND HELP");
  expect(help).toContain("+GETKEYS command [arg [arg ...]]");
  expect(help).toContain("+LIST [FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern>]");
});

function allRows(): CommandRow[] {
  return commandTable.rows.flatMap((row) => [row, ...(row.subcommands?.values() ?? [])]);
}
