import { beforeEach, describe, expect, test } from "vitest";
import { forEachKey } from "../keys.js";
import { commandTable } from "../table.js";
import { Harness, someTimeMs } from "../testing/harness.js";

let db: Harness;

beforeEach(() => {
  db = new Harness();
});

describe("entries", () => {
  test("XADD * takes the clock, and goes on from the last id when the clock does not", () => {
    expect(db.run("XADD s * f v")).toBe("$15 1000000000000-0");
    expect(db.run("XADD s * f v")).toBe("$15 1000000000000-1");
    db.nowMs -= 5000;
    expect(db.run("XADD s * f v")).toBe("$15 1000000000000-2");
    db.nowMs += 6000;
    expect(db.run("XADD s * f v")).toBe("$15 1000000001000-0");
  });

  test("a generated id and an approximate trim are absolute in the effects", () => {
    for (let i = 0; i < 250; i++) db.run("XADD s * f v");
    db.effects();
    expect(db.run("XADD s MAXLEN ~ 60 * f v")).toBe("$17 1000000000000-250");
    expect(db.effects()).toEqual(["XADD s 1000000000000-250 f v", "XTRIM s MAXLEN = 151"]);
    expect(db.run("XTRIM s MAXLEN ~ 60 LIMIT 99")).toBe(":0");
    expect(db.run("XTRIM s MAXLEN ~ 51 LIMIT 100")).toBe(":100");
    expect(db.effects()).toEqual(["XTRIM s MAXLEN = 51"]);
  });

  test("an XADD that is refused neither makes the key nor has an effect", () => {
    for (const line of [
      "XADD s NOMKSTREAM * f v",
      "XADD s 0-0 f v",
      "XADD s 5-5 f",
      "XADD s MAXLEN 5 LIMIT 3 * f v",
      "XADD s -1 f v",
    ]) {
      db.run(line);
      expect(db.run("EXISTS s"), line).toBe(":0");
    }
    expect(db.effects()).toEqual([]);
  });

  test("a stream that lost all entries stays, and goes on from its last id", () => {
    db.run("XADD s 5-5 f v");
    expect(db.run("XDEL s 5-5 5-5")).toBe(":1");
    expect(db.run("TYPE s")).toBe("+stream");
    expect(db.run("XADD s 5-* f v")).toBe("$3 5-6");
  });

  test("XSETID to what is set already has no effect", () => {
    db.run("XADD s 5-5 f v");
    db.effects();
    expect(db.run("XSETID s 5-5 ENTRIESADDED 1 MAXDELETEDID 0-0")).toBe("+OK");
    expect(db.effects()).toEqual([]);
    expect(db.run("XSETID s 6-0 ENTRIESADDED 7")).toBe("+OK");
    expect(db.effects()).toEqual(["XSETID s 6-0 ENTRIESADDED 7 MAXDELETEDID 0-0"]);
  });

  test("a counter is set so far from its limit that no command reaches it", () => {
    db.run("XADD s 5-5 f v");
    expect(db.run("XSETID s 5-5 ENTRIESADDED 4503599627370496")).toBe("+OK");
    expect(db.run("XADD s 5-6 f v")).toBe("$3 5-6");
    expect(db.run("XSETID s 5-6 ENTRIESADDED 4503599627370497")).toBe("-ERR value is out of range");
    expect(db.run("XGROUP CREATE s g 0 ENTRIESREAD 4503599627370496")).toBe("+OK");
    expect(db.run("XREADGROUP GROUP g c STREAMS s >")).toMatch(/^\*1 /);
    const deliver = "XCLAIM s g c 0 5-5 RETRYCOUNT";
    expect(db.run(`${deliver} 4503599627370497`)).toBe("-ERR value is out of range");
    expect(db.run(`${deliver} 4503599627370496`)).toMatch(/^\*1 /);
    expect(db.run("XCLAIM s g c 0 5-5 JUSTID")).toBe("*1 $3 5-5");
    expect(db.run("XCLAIM s g c 0 5-5")).toMatch(/^\*1 /);
    expect(db.run("XPENDING s g - + 1")).toBe("*1 *4 $3 5-5 $1 c :0 :4503599627370497");
  });
});

describe("reading as a consumer", () => {
  beforeEach(() => {
    db.run("XGROUP CREATE s g 0 MKSTREAM");
    db.effects();
  });

  test("when nothing is new only the consumer is made, and once", () => {
    expect(db.run("XREADGROUP GROUP g c STREAMS s >")).toBe("*-1");
    expect(db.effects()).toEqual(["XGROUP CREATECONSUMER s g c"]);
    db.nowMs += 10;
    expect(db.run("XREADGROUP GROUP g c STREAMS s >")).toBe("*-1");
    expect(db.run("XREADGROUP GROUP g c STREAMS s 0")).toBe("*1 *2 $1 s *0");
    expect(db.effects()).toEqual([]);
    // Differs from Redis: there it was seen just now.
    expect(db.run("XINFO CONSUMERS s g")).toMatch(/idle :10 \$8 inactive :-1$/);
  });

  test("a key named twice gives what is left the second time", () => {
    db.run("XADD s 1-1 f v");
    db.run("XADD s 2-1 f v");
    const one = (id: string) => `*2 $1 s *1 *2 $3 ${id} *2 $1 f $1 v`;
    expect(db.run("XREADGROUP GROUP g c COUNT 1 STREAMS s s s > > >")).toBe(
      `*2 ${one("1-1")} ${one("2-1")}`,
    );
  });

  test("history counts as delivered again, and keeps the place of what was deleted", () => {
    db.run("XADD s 1-1 f v");
    db.run("XADD s 2-1 f v");
    db.run("XREADGROUP GROUP g c STREAMS s >");
    db.run("XDEL s 1-1");
    db.effects();
    db.nowMs += 7;
    expect(db.run("XREADGROUP GROUP g c STREAMS s 0")).toBe(
      "*1 *2 $1 s *2 *2 $3 1-1 *-1 *2 $3 2-1 *2 $1 f $1 v",
    );
    expect(db.effects()).toEqual([
      `XCLAIM s g c 0 2-1 TIME ${someTimeMs + 7} RETRYCOUNT 2 FORCE JUSTID`,
    ]);
    expect(db.run("XPENDING s g - + 5")).toBe("*2 *4 $3 1-1 $1 c :7 :1 *4 $3 2-1 $1 c :0 :2");
    expect(db.run("XINFO CONSUMERS s g")).toMatch(/idle :0 \$8 inactive :7$/);
  });

  test("NOACK moves the group on and leaves nothing pending", () => {
    db.run("XADD s 1-1 f v");
    db.effects();
    db.run("XREADGROUP GROUP g c NOACK STREAMS s >");
    expect(db.effects()).toEqual([
      "XGROUP CREATECONSUMER s g c",
      "XGROUP SETID s g 1-1 ENTRIESREAD 1",
    ]);
    expect(db.run("XPENDING s g")).toBe("*4 :0 $-1 $-1 *-1");
    expect(db.run("XINFO CONSUMERS s g")).toMatch(/inactive :-1$/);
  });

  test("trap-33 a consumer named STREAMS does not hide the keys", () => {
    const keysOf = (line: string) => {
      const argv = line.split(" ").map((word) => Buffer.from(word, "latin1"));
      const keys: string[] = [];
      forEachKey(commandTable.resolve(argv)!, argv, (key) => keys.push(key));
      return keys;
    };
    expect(keysOf("XREADGROUP GROUP g c STREAMS s t > >")).toEqual(["s", "t"]);
    expect(keysOf("XREADGROUP NOACK GROUP g streams STREAMS s >")).toEqual(["s"]);
    expect(keysOf("XREADGROUP COUNT 1 NOACK GROUP STREAMS c streams s t > 0")).toEqual(["s", "t"]);
    expect(keysOf("XREAD COUNT 1 BLOCK 0 streams s t $ $")).toEqual(["s", "t"]);
    expect(keysOf("XREAD foo STREAMS s 0")).toEqual([]);
  });

  test("RESP3 has maps", () => {
    db.run("XADD s 1-1 f v");
    db.protocol = 3;
    expect(db.run("XREAD STREAMS s 0")).toBe("%1 $1 s *1 *2 $3 1-1 *2 $1 f $1 v");
    expect(db.run("XREADGROUP GROUP g c STREAMS s s > >")).toMatch(/^%1 \$1 s \*1 /);
    expect(db.run("XINFO STREAM s")).toMatch(/^%10 /);
    expect(db.run("XINFO STREAM s FULL")).toMatch(/^%9 .*groups \*1 %7 .* consumers \*1 %5 /);
    expect(db.run("XINFO GROUPS s")).toMatch(/^\*1 %6 /);
    expect(db.run("XINFO CONSUMERS s g")).toMatch(/^\*1 %4 /);
  });
});

describe("claims", () => {
  beforeEach(() => {
    db.run("XGROUP CREATE s g 0 MKSTREAM");
    for (const id of ["1-1", "2-1", "3-1"]) db.run(`XADD s ${id} f v`);
    db.run("XREADGROUP GROUP g a STREAMS s >");
    db.effects();
    db.nowMs += 100;
  });

  test("7.2: the consumer is made even when it gets nothing", () => {
    expect(db.run("XCLAIM s g b 1000 1-1")).toBe("*0");
    expect(db.effects()).toEqual(["XGROUP CREATECONSUMER s g b"]);
    expect(db.run("XAUTOCLAIM s g c 1000 0")).toBe("*3 $3 0-0 *0 *0");
    expect(db.effects()).toEqual(["XGROUP CREATECONSUMER s g c"]);
  });

  test("an id given twice is claimed twice, in one effect", () => {
    expect(db.run("XCLAIM s g b 0 1-1 1-1 JUSTID RETRYCOUNT 7")).toBe("*2 $3 1-1 $3 1-1");
    expect(db.run("XCLAIM s g b 0 2-1 2-1")).toMatch(/^\*2 /);
    expect(db.effects()).toEqual([
      "XGROUP CREATECONSUMER s g b",
      `XCLAIM s g b 0 1-1 TIME ${db.nowMs} RETRYCOUNT 7 FORCE JUSTID`,
      `XCLAIM s g b 0 2-1 TIME ${db.nowMs} RETRYCOUNT 3 FORCE JUSTID`,
    ]);
    expect(db.run("XINFO CONSUMERS s g")).toMatch(/ b .*idle :0 \$8 inactive :0$/);
  });

  test("what was deleted from the stream is no longer pending, and XAUTOCLAIM tells", () => {
    db.run("XDEL s 1-1 2-1");
    db.effects();
    expect(db.run("XCLAIM s g b 1000 1-1 1-1")).toBe("*0");
    expect(db.effects()).toEqual(["XGROUP CREATECONSUMER s g b", "XACK s g 1-1"]);
    expect(db.run("XAUTOCLAIM s g b 0 0 COUNT 1")).toBe("*3 $3 3-1 *0 *1 $3 2-1");
    expect(db.effects()).toEqual(["XACK s g 2-1"]);
    expect(db.run("XAUTOCLAIM s g b 0 - COUNT 1 JUSTID")).toBe("*3 $3 0-0 *1 $3 3-1 *0");
  });

  test("XAUTOCLAIM looks at ten entries for each one it may give", () => {
    db.run("DEL s");
    db.run("XGROUP CREATE s g 0 MKSTREAM");
    for (let i = 1; i <= 25; i++) db.run(`XADD s ${i} f v`);
    db.run("XREADGROUP GROUP g a STREAMS s >");
    expect(db.run("XAUTOCLAIM s g b 1 0 COUNT 2")).toBe("*3 $4 21-0 *0 *0");
  });
});

test("HELP lists the subcommands", () => {
  expect(db.run("XGROUP HELP")).toMatch(/^\*13 \+XGROUP <subcommand> .*CREATE key group/);
  expect(db.run("XINFO HELP")).toMatch(/STREAM key \[FULL \[COUNT count\]\]/);
});
