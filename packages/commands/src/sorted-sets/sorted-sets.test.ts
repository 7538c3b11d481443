import { beforeEach, describe, expect, test } from "vitest";
import { Harness } from "../testing/harness.js";

let db: Harness;

beforeEach(() => {
  db = new Harness();
});

describe("effects", () => {
  test("trap-31 what is added up or chosen leaves as scores and ranks", () => {
    db.run("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f");
    db.run("ZADD z INCR 0.1 a");
    db.run("ZINCRBY z 7 new");
    db.run("ZPOPMIN z 2");
    db.run("ZPOPMAX z");
    db.run("ZMPOP 2 none z MAX COUNT 1");
    db.run("ZREMRANGEBYSCORE z 3 3");
    db.run("ZREM z d nosuch d");
    db.run("ZPOPMIN z 100");
    expect(db.effects()).toEqual([
      "ZADD z 1 a 2 b 3 c 4 d 5 e 6 f",
      "ZADD z 1.1000000000000001 a",
      "ZADD z 7 new",
      "ZREMRANGEBYRANK z 0 1",
      "ZREMRANGEBYRANK z 4 4",
      "ZREMRANGEBYRANK z 3 3",
      "ZREMRANGEBYRANK z 0 0",
      "ZREM z d",
      "DEL z",
    ]);
  });

  test("only scores that change are replicated, and nothing when none does", () => {
    db.run("ZADD z 1 a 2 b");
    db.effects();
    db.run("ZADD z 1 a 3 b 2 b 3 b");
    expect(db.effects()).toEqual(["ZADD z 3 b"]);
    for (const line of [
      "ZADD z 1 a",
      "ZADD z NX 5 a 6 b",
      "ZADD z XX 5 c",
      "ZADD z GT 0 a",
      "ZADD z LT CH 2 a",
      "ZADD z GT INCR -1 a",
      "ZADD z INCR 0 a",
      "ZINCRBY z 0 a",
      "ZADD none XX 1 a",
      "ZREM z nosuch",
      "ZREM none a",
      "ZPOPMIN z 0",
      "ZPOPMAX none",
      "ZMPOP 1 none MIN",
      "ZREMRANGEBYRANK z 5 7",
      "ZREMRANGEBYSCORE z (1 (3",
      "ZREMRANGEBYLEX none - +",
      "ZRANGESTORE none z 9 9",
      "ZUNIONSTORE none 1 none2",
      "ZRANDMEMBER z -5",
    ]) {
      db.run(line);
      expect(db.effects(), line).toEqual([]);
    }
  });

  test("a stored result replaces a destination of any type, and its deadline", () => {
    db.run("ZADD z 1 a 2 b");
    db.run("SET d v EX 100");
    db.effects();
    expect(db.run("ZRANGESTORE d z 0 0")).toBe(":1");
    expect(db.run("TTL d")).toBe(":-1");
    expect(db.run("ZUNIONSTORE d 2 d z WEIGHTS 2 1")).toBe(":2");
    expect(db.run("ZDIFFSTORE d 2 z z")).toBe(":0");
    expect(db.effects()).toEqual(["DEL d", "ZADD d 1 a", "DEL d", "ZADD d 2 b 3 a", "DEL d"]);
  });
});

describe("WITHSCORE, which is 7.2's", () => {
  test("adds the score to a rank, in both protocols", () => {
    db.run("ZADD z 1 a 2.5 b 3 c");
    expect(db.run("ZRANK z b WITHSCORE")).toBe("*2 :1 $3 2.5");
    expect(db.run("ZREVRANK z c withscore")).toBe("*2 :0 $1 3");
    expect(db.run("ZRANK z nosuch WITHSCORE")).toBe("*-1");
    expect(db.run("ZRANK none a WITHSCORE")).toBe("*-1");
    db.protocol = 3;
    expect(db.run("ZREVRANK z b WITHSCORE")).toBe("*2 :1 ,2.5");
    expect(db.run("ZRANK z nosuch WITHSCORE")).toBe("_");
  });

  test("another word is refused, and so is a fifth", () => {
    db.run("SET s v");
    expect(db.run("ZRANK s a WITHSCORES")).toBe("-ERR syntax error");
    expect(db.run("ZRANK s a WITHSCORE x")).toBe(
      "-ERR wrong number of arguments for 'zrank' command",
    );
    expect(db.run("ZRANK s a WITHSCORE")).toMatch(/^-WRONGTYPE/);
  });
});

describe("ranges", () => {
  test("by rank a limit of -1 is none, whatever it would skip", () => {
    db.run("ZADD z 1 a 2 b 3 c");
    expect(db.run("ZREVRANGE z 0 5 LIMIT 1 -1")).toBe("*3 $1 c $1 b $1 a");
    expect(db.run("ZRANGE z 0 0 LIMIT -7 -1")).toBe("*1 $1 a");
  });

  test("nothing is behind a negative offset, and a negative count is all", () => {
    db.run("ZADD z 1 a 2 b 3 c");
    expect(db.run("ZRANGEBYSCORE z 0 9 LIMIT -1 5")).toBe("*0");
    expect(db.run("ZRANGEBYSCORE z 0 9 LIMIT 1 -5")).toBe("*2 $1 b $1 c");
    expect(db.run("ZREVRANGEBYSCORE z 9 0 LIMIT 2 5")).toBe("*1 $1 a");
  });
});

describe("-0", () => {
  test("is shown where it is computed and kept as 0, whatever the encoding", () => {
    const long = "n".repeat(65);
    for (const member of ["m", long]) {
      expect(db.run(`ZINCRBY z -0 ${member}`)).toBe("$2 -0");
      expect(db.run(`ZSCORE z ${member}`)).toBe("$1 0");
      expect(db.effects()).toEqual([`ZADD z 0 ${member}`]);
      expect(db.run(`ZUNION 1 z WEIGHTS -1 WITHSCORES`)).toContain("$2 -0");
    }
  });
});

test("a sample that repeats members has a bound", () => {
  db.run("ZADD z 1 a");
  expect(db.run("ZRANDMEMBER z -3 WITHSCORES")).toBe("*6 $1 a $1 1 $1 a $1 1 $1 a $1 1");
  const refused = "-ERR value is out of range";
  expect(db.run("ZRANDMEMBER z -9000000000000000000")).toBe(refused);
  expect(db.run("ZRANDMEMBER none -9223372036854775807 WITHSCORES")).toBe(refused);
  expect(db.run("ZRANDMEMBER none -4611686018427387903 WITHSCORES")).toBe("*0");
});
