import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError } from "./errors.js";
import { type ConfigName, configNames } from "./rows.js";
import { ServerConfig } from "./server-config.js";

const gibibyte = 1024 ** 3;
const environment = { totalMemoryBytes: 16 * gibibyte, workingDirectory: "/work" };
const member = "node-id 1\npeers 1@127.0.0.1:17001 2@127.0.0.1:17002 3@127.0.0.1:17003\n";

/** Mostly what quoting is about; fast-check's own unit for all of Unicode takes seconds to prepare. */
const anyCharacter = fc.oneof(
  fc.constantFrom(" ", '"', "'", "\\", "#", "\n", "\r", "\t", "\0", "\x7f", "x", "4", "1"),
  fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0xe000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
);

/** `argv` after a file that makes this node a member; `text`: more lines of that file. */
function parse(text = "", argv: string[] = []): ServerConfig {
  return parseFiles({ "redoubt.conf": member + text }, ["redoubt.conf", ...argv]);
}

function parseFiles(files: Record<string, string>, argv: string[]): ServerConfig {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw new Error("ENOENT: no such file or directory");
    return content;
  };
  return ServerConfig.parse(argv, readFile, environment);
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message).not.toContain("\n");
    return message;
  }
  throw new Error("nothing was refused");
}

describe("where options come from", () => {
  test("the later line wins, the command line over the file, case of names does not matter", () => {
    expect(parse("port 7001\nPORT 7002\n").port).toBe(7002);
    expect(parse("port 7001\n", ["--port", "7003"]).port).toBe(7003);
  });

  test("comments, blank lines, quotes and CRLF are read", () => {
    const config = parse('# port 1\r\n\r\n  requirepass "a # b"\r\nport 7001\r\n');
    expect(config.requirepass).toBe("a # b");
    expect(config.port).toBe(7001);
  });

  test("include reads another file in place, and a cycle is refused", () => {
    const files = { a: `${member}port 1\ninclude b\ntimeout 3`, b: "port 2\ntimeout 2" };
    const config = parseFiles(files, ["a"]);
    expect([config.port, config.timeoutSeconds]).toEqual([2, 3]);
    expect(refusal(() => parseFiles({ a: "include a" }, ["a"]))).toBe(
      "can't include 'a': more than 16 files deep",
    );
  });

  test("a last dash reads standard input after the file", () => {
    const files = { a: `${member}port 1`, "-": "port 2\ntimeout 5" };
    expect(parseFiles(files, ["a", "-"]).port).toBe(2);
    expect(parseFiles(files, ["a", "--timeout", "6", "-"]).timeoutSeconds).toBe(6);
    expect(parseFiles({ "-": member }, ["-"]).file).toBeNull();
  });

  test("an unknown option and a bad value are refused with the line they are in", () => {
    const bad = "Bad directive or wrong number of arguments";
    expect(refusal(() => parse("\nfoo bar"))).toBe(`redoubt.conf line 4: 'foo': ${bad}`);
    expect(refusal(() => parse("", ["--foo", "1"]))).toBe(`command line: 'foo': ${bad}`);
    expect(refusal(() => parse("", ["7001"]))).toBe(`command line: '7001': ${bad}`);
    expect(refusal(() => parse("port x"))).toBe(
      "redoubt.conf line 3: 'port x': argument couldn't be parsed into an integer",
    );
    expect(refusal(() => parse('port "1'))).toBe(
      "redoubt.conf line 3: Unbalanced quotes in configuration line",
    );
    expect(refusal(() => parseFiles({}, ["nope"]))).toBe(
      "can't open config file 'nope': ENOENT: no such file or directory",
    );
  });

  test("a refused password is not printed", () => {
    expect(refusal(() => parse("requirepass my secret"))).toBe(
      "redoubt.conf line 3: 'requirepass': wrong number of arguments",
    );
  });
});

describe("values", () => {
  test("each kind refuses in Redis's words", () => {
    const cases: [string, string][] = [
      ["port 0", "argument must be between 1 and 65535 inclusive"],
      ["port 65536", "argument must be between 1 and 65535 inclusive"],
      ["port", "wrong number of arguments"],
      ["port 1 2", "wrong number of arguments"],
      ["protected-mode on", "argument must be 'yes' or 'no'"],
      ["maxmemory 5x", "argument must be a memory value"],
      ["maxmemory -1", "argument must be a memory value"],
      ["loglevel foo", "argument(s) must be one of the following: debug, verbose, notice, warning"],
      ["read-mode x", "argument(s) must be one of the following: lease, quorum"],
      ["clock-drift-percent-max 51", "argument must be between 0 and 50 inclusive"],
      [
        "maxmemory-policy allkeys-lru",
        "only noeviction is possible: Redoubt does not evict what it acknowledged",
      ],
      ["daemonize yes", "only 'no' is possible: use a service manager"],
      ["databases 16", "only 1 is possible: a cluster has one database"],
      ["appendonly no", "only 'yes' is possible: the log cannot be turned off"],
      ["appendfsync everysec", "only 'always' is possible"],
      ["cluster-enabled no", "only 'yes' is possible"],
      ["save 60", "Invalid save parameters"],
      ["save 0 1", "Invalid save parameters"],
      ["save 60 -1", "Invalid save parameters"],
      ["save 60 x", "Invalid save parameters"],
      ["bind", "at least one address to listen on is needed"],
      ["cluster-id a/b", "argument must be 1 to 64 letters, digits, '.', '_' or '-'"],
      ["peers 1@localhost", "'1@localhost' is not of the form id@host:port"],
      ["peers 0@a:1", "id in '0@a:1' must be between 1 and 2147483647"],
      ["peers 1@a:0", "port in '1@a:0' must be between 1 and 65535"],
      ["peers 1@a:1 1@b:1", "id 1 is named twice"],
      ["peers 1@a:1 2@a:1", "address a:1 is named twice"],
      [
        "client-output-buffer-limit normal 1 2",
        "Wrong number of arguments in buffer limit configuration.",
      ],
      [
        "client-output-buffer-limit foo 1 2 3",
        "Invalid client class specified in buffer limit configuration.",
      ],
      [
        "client-output-buffer-limit normal 1 x 3",
        "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
      ],
      ["bootstrap yes", "only allowed on the command line"],
    ];
    for (const [line, reason] of cases) {
      const shown = line.startsWith("bootstrap") ? "bootstrap" : line;
      expect(
        refusal(() => parse(line)),
        line,
      ).toBe(`redoubt.conf line 3: '${shown}': ${reason}`);
    }
  });

  test("memory units are those of Redis", () => {
    const bytes = { "64000k": 64e6, "64000KB": 65_536_000, "16m": 16e6, "16mb": 16 * 1024 ** 2 };
    for (const [word, expected] of Object.entries(bytes)) {
      expect(parse(`maxmemory ${word}`).maxmemoryBytes, word).toBe(expected);
    }
    expect(parse("maxmemory 2gb").get("maxmemory")).toBe("2147483648");
    expect(parse("maxmemory 0").maxmemoryBytes).toBe(0);
  });

  test("addresses and peers are taken apart", () => {
    expect(parse("bind 127.0.0.1 -::1 *").bind).toEqual([
      { host: "127.0.0.1", optional: false },
      { host: "::1", optional: true },
      { host: "0.0.0.0", optional: false },
    ]);
    const peers = "1@[::1]:5 2@b.example:6 3@c:7/witness";
    expect(parse(`peers ${peers}`).peers).toEqual([
      { id: 1, host: "::1", port: 5, address: "[::1]:5" },
      { id: 2, host: "b.example", port: 6, address: "b.example:6" },
      { id: 3, host: "c", port: 7, address: "c:7", witness: true },
    ]);
    expect(parse(`peers ${peers}`).get("peers")).toBe(peers);
  });

  test("buffer limits of one class leave the others alone", () => {
    const text =
      "client-output-buffer-limit pubsub 1mb 1k 5\nclient-output-buffer-limit normal 0 0 0\n";
    expect(parse(text).get("client-output-buffer-limit")).toBe(
      "normal 0 0 0 slave 268435456 67108864 60 pubsub 1048576 1000 5",
    );
  });

  test("defaults are worked out from the machine and from peers", () => {
    const config = parse("logfile a.log\n");
    expect(config.maxmemoryBytes).toBe(4 * gibibyte);
    expect(config.peerPort).toBe(17_001);
    expect(config.dir).toBe("/work");
    expect(config.logfilePath).toBe("/work/a.log");
    expect(config.pidfilePath).toBeNull();
    expect(config.clusterId).toBeNull();
    expect(config.get("maxmemory")).toBe(String(4 * gibibyte));
  });

  test("what CONFIG GET prints, a configuration file accepts", () => {
    const lines = (config: ServerConfig): string =>
      configNames
        .filter((name) => name !== "bootstrap" && name !== "import")
        .map((name) => [name, config.get(name)])
        .map(([name, value]) => `${name} ${value === "" ? '""' : value}`)
        .join("\n");
    const config = parse("maxmemory 64mb\nbind * -::1\ncluster-id c\n");
    const again = parseFiles({ f: lines(config) }, ["f"]);
    expect(again.match("*")).toEqual(config.match("*"));
  });
});

describe("what must hold between options", () => {
  test("a node knows who it is", () => {
    expect(refusal(() => parseFiles({}, []))).toBe(
      "node-id is not set: which member of peers is this node?",
    );
    expect(refusal(() => parseFiles({}, ["--node-id", "1"]))).toBe(
      "peers is not set: name the members as id@host:port",
    );
    expect(refusal(() => parse("node-id 4"))).toBe(
      "peers does not name this node: there is no 4@host:port in it",
    );
  });

  test("trap-17 a birth needs a name, and cannot be written into a file", () => {
    expect(refusal(() => parse("", ["--bootstrap", "yes"]))).toBe(
      "bootstrap needs cluster-id: the new cluster must have a name",
    );
    expect(parse("cluster-id c", ["--bootstrap", "yes"]).bootstrap).toBe(true);
    expect(parse("cluster-id c").bootstrap).toBe(false);
  });

  test("a file is imported at the first start only, and by a node that holds data", () => {
    const birth = ["--cluster-id", "c", "--bootstrap", "yes", "--import", "dump.rdb"];
    expect(parse("", birth).importPath).toBe(resolve("dump.rdb"));
    expect(parse("").importPath).toBe(null);
    expect(refusal(() => parse("", ["--import", "dump.rdb"]))).toMatch(/^import is for the first/);
    expect(refusal(() => parse("import dump.rdb"))).toMatch(/only allowed on the command line/);
  });

  test("a witness is what peers says of this node, and everybody must be told the same", () => {
    const peers = "peers 1@a:1/witness 2@b:2 3@c:3";
    expect(parse(`node-id 1\n${peers}`).isWitness).toBe(true);
    expect(parse(`node-id 2\n${peers}`).isWitness).toBe(false);
    expect(parse("node-role witness").isWitness).toBe(true);
    expect(refusal(() => parse(`node-id 1\n${peers}\nnode-role data`))).toBe(
      "peers says that node 1 is a witness, node-role says data",
    );
    const birth = ["--bootstrap", "yes", "--cluster-id", "c"];
    expect(refusal(() => parse("node-role witness", birth))).toContain(
      "peers must say so on every member, as 1@",
    );
    expect(refusal(() => parse("node-id 1\npeers 1@a:1/witness"))).toContain("hold the data");
  });

  test("trap-38 the election timeout is at least five heartbeats", () => {
    expect(refusal(() => parse("election-timeout 400\nheartbeat-interval 81"))).toBe(
      "election-timeout 400 must be at least 5 times heartbeat-interval 81: " +
        "a late heartbeat would depose a healthy leader",
    );
    expect(parse("election-timeout 400\nheartbeat-interval 80").electionTimeoutMs).toBe(400);
  });

  test("members beyond loopback need a secret, or the word that they do not", () => {
    const text =
      "peer-bind 0.0.0.0 is reachable from other machines: " +
      "set peer-secret-file, or peer-insecure yes in a network you trust";
    expect(refusal(() => parse("peer-bind 0.0.0.0"))).toBe(text);
    expect(parse("peer-bind 0.0.0.0\npeer-secret-file s").peerSecretPath).toBe("/work/s");
    const insecure = parse("peer-bind 0.0.0.0\npeer-insecure yes");
    expect(insecure.warnings).toEqual([
      "members are not authenticated: whoever reaches the peer port can change data",
    ]);
    for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) {
      expect(parse(`peer-bind ${host}`).peerBind).toBe(host);
    }
  });

  test("ports are distinct", () => {
    expect(refusal(() => parse("port 17001"))).toBe(
      "port and peer-port are both 17001: they must differ",
    );
    expect(refusal(() => parse("port 17002"))).toBe(
      "port 17002 is where peers says member 2 listens for members",
    );
  });

  test("a preferred host name must be given", () => {
    expect(refusal(() => parse("cluster-preferred-endpoint-type hostname"))).toBe(
      "cluster-preferred-endpoint-type hostname needs cluster-announce-hostname",
    );
  });

  test("an even number of members and an unreachable one are warned of", () => {
    expect(parse("peers 1@h:1 2@h:2").warnings).toEqual([
      "2 members tolerate no more failures than 1",
      "peer-bind 127.0.0.1 is loopback, but peers says this node is at h:1",
    ]);
  });
});

describe("CONFIG GET and SET", () => {
  const failed = (name: string, reason: string): string =>
    `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;

  test("patterns find options, any case", () => {
    const names = (glob: string): string[] =>
      parse()
        .match(glob)
        .map(([name]) => name);
    expect(names("MAX*").sort()).toEqual([
      "maxclients",
      "maxmemory",
      "maxmemory-clients",
      "maxmemory-policy",
    ]);
    expect(names("nothing")).toEqual([]);
    expect(parse().match("save")).toEqual([["save", "3600 1 300 100 60 10000"]]);
    expect(parse().match("appendonly")).toEqual([["appendonly", "yes"]]);
  });

  test("save lines add up and take the place of the built-in ones; CONFIG SET begins anew", () => {
    const saveOf = (...lines: string[]) => parse(lines.join("\n")).get("save");
    expect(saveOf("save 60 1", "save 300 10 900 1")).toBe("60 1 300 10 900 1");
    expect(saveOf('save ""')).toBe("");
    expect(saveOf("save 60 1", 'save ""', "save 5 2")).toBe("5 2");
    const config = parse("save 60 1");
    expect(config.set("save", "900 1 300 0")).toBeNull();
    expect(config.savePoints).toEqual([
      { seconds: 900, changes: 1 },
      { seconds: 300, changes: 0 },
    ]);
    expect(config.set("save", "")).toBeNull();
    expect(config.savePoints).toEqual([]);
    expect(config.set("save", "1")).toBe(failed("save", "Invalid save parameters"));
  });

  test("refusals are Redis's and change nothing", () => {
    const config = parse();
    const before = config.match("*");
    expect(config.set("foo", "1")).toBe(
      "ERR Unknown option or number of arguments for CONFIG SET - 'foo'",
    );
    expect(config.set("port", "1")).toBe(failed("port", "can't set immutable config"));
    expect(config.set("MAXCLIENTS", "0")).toBe(
      failed("maxclients", "argument must be between 1 and 4294967295 inclusive"),
    );
    expect(
      config.setAll([
        ["timeout", "1"],
        ["TIMEOUT", "2"],
      ]),
    ).toBe(failed("timeout", "duplicate parameter"));
    expect(
      config.setAll([
        ["timeout", "1"],
        ["maxclients", "x"],
      ]),
    ).toBe(failed("maxclients", "argument couldn't be parsed into an integer"));
    expect(config.match("*")).toEqual(before);
  });

  test("listeners hear of a change when all of it is in place, and of no refused one", () => {
    const config = parse();
    const heard: [string, string, number][] = [];
    const listen = (name: ConfigName): void =>
      config.onChange(name, () => heard.push([name, config.requirepass, config.timeoutSeconds]));
    listen("requirepass");
    listen("timeout");
    expect(
      config.setAll([
        ["requirepass", "p w"],
        ["timeout", "-1"],
      ]),
    ).not.toBeNull();
    expect(heard).toEqual([]);
    expect(
      config.setAll([
        ["requirepass", "p w"],
        ["timeout", "7"],
      ]),
    ).toBeNull();
    expect(heard).toEqual([
      ["requirepass", "p w", 7],
      ["timeout", "p w", 7],
    ]);
  });

  test("maxmemory stays within what the heap was sized for", () => {
    const config = parse("maxmemory 100mb");
    config.setMaxmemoryCeiling(150 * 1024 ** 2);
    expect(config.set("maxmemory", "150mb")).toBeNull();
    const reason =
      "the heap of this process was sized for at most 157286400 bytes, restart with a larger maxmemory";
    expect(config.set("maxmemory", "151mb")).toBe(failed("maxmemory", reason));
    expect(config.set("maxmemory", "0")).toBe(failed("maxmemory", reason));
    expect(config.maxmemoryBytes).toBe(150 * 1024 ** 2);
  });

  test("CONFIG REWRITE keeps other lines and is read back the same", () => {
    const original = `# mine\n${member}timeout 3\n\n# end\n`;
    const config = parseFiles({ f: original }, ["f"]);
    const password = fc.string({ unit: anyCharacter, maxLength: 20 });
    fc.assert(
      fc.property(password, fc.nat(1000), (requirepass, timeout) => {
        config.setAll([
          ["requirepass", requirepass],
          ["timeout", String(timeout)],
        ]);
        config.set("client-output-buffer-limit", "pubsub 1mb 1mb 9");
        const text = config.rewritten(original);
        expect(text.startsWith(`# mine\n${member}\n# end\n`)).toBe(true);
        expect(parseFiles({ f: text }, ["f"]).match("*")).toEqual(config.match("*"));
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
