/**
 * Differences that no single command behind a few others shows: each has a test of its own, named here. Together
 * with the rows of the families they are all there are.
 */

export interface TestedDifference {
  /** Commands. */
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  readonly reason: string;
  /** Redis 7.2 answers as we do; `theirs` is 7.0's. */
  readonly since72?: true;
  /** File, from the root, and title. */
  readonly test: readonly [string, string];
}

const waiting = "test/conformance/waiting.test.ts";
const edges = "test/conformance/edges.test.ts";

const ONLY_LOOKS = "what only looks writes nothing to the log";

export const testedDifferences: readonly TestedDifference[] = [
  {
    what: "`BLPOP k inf` and other timeouts beyond all",
    ours: "`timeout is out of range`",
    theirs: "`timeout is negative`",
    reason: "7.2 looks before it converts",
    since72: true,
    test: [waiting, "7.2: a timeout beyond all is out of range"],
  },
  {
    what: "waiting `XREADGROUP` whose stream or group is deleted",
    ours: "what the command says at that moment",
    theirs: "texts of its own",
    reason: "7.2 executes the command again when its wait ends",
    since72: true,
    test: [waiting, "7.2: what ends the wait for a group is told in the command's words"],
  },
  {
    what: "waiting for several keys that are fed at once",
    ours: "served from the first key it names",
    theirs: "served from the key that was fed first",
    reason: "7.2 executes the command again when its wait ends",
    since72: true,
    test: [waiting, "7.2: who waits for several keys is served from the first it names"],
  },
  {
    what: "`SORT ... STORE`, `ZUNIONSTORE` and the like over a value of another type; `XGROUP SETID` back",
    ours: "serves who waits for what is there now",
    theirs: "serves nobody",
    reason: "whatever makes a value feeds those who wait for it",
    test: [waiting, "Differs from Redis: a value stored over one of another type serves who waits"],
  },
  {
    what: "`CLIENT UNBLOCK` in a `MULTI` that feeds that client behind it",
    ours: "the client is served when EXEC has run",
    theirs: "the client is told nil at once",
    reason: "a wait ends behind the command that ends it, and looks once more",
    test: [waiting, "Differs from Redis: who is unblocked and fed in one MULTI is served"],
  },
  {
    what: "deadlines beyond 2^53 - 1 ms (the year 287396)",
    ours: "`invalid expire time`",
    theirs: "up to 2^63 - 1 ms",
    reason: "deadlines are exact in a number",
    test: [edges, "Differs from Redis: a deadline beyond 2^53 - 1 ms is an invalid expire time"],
  },
  {
    what: "`ZSCAN` of a small sorted set",
    ours: "`1e+17`",
    theirs: "`100000000000000000`",
    reason: "a score is printed alike by all commands, whatever the encoding",
    test: [
      "test/conformance/sorted-sets.test.ts",
      "Differs from Redis: ZSCAN prints a score as all commands do, in a listpack too",
    ],
  },
  {
    what: "`SORT ... BY` and `GET` in a cluster",
    ours: "served",
    theirs: "denied",
    reason: "every node holds every slot",
    test: [
      "test/conformance/sort.test.ts",
      "Differs from Redis in cluster mode: BY and GET are served, every slot being here",
    ],
  },
  {
    what: "`OBJECT IDLETIME` and `FREQ`",
    ours: "0, and an error",
    theirs: "as the policy says",
    reason: "times and frequencies of use are not kept",
    test: [
      "packages/commands/src/generic/object.test.ts",
      "nothing is idle, and frequencies are not kept",
    ],
  },
  {
    what: "strings that `APPEND` and `SETRANGE` make",
    ours: "up to 64 MB",
    theirs: "up to `proto-max-bulk-len`",
    reason: "a request of a few bytes makes no value that nobody could have sent",
    test: [
      "packages/commands/src/strings/strings.test.ts",
      "SETRANGE pads with zero bytes and refuses what would be too long",
    ],
  },
  {
    what: "`KEYS` and `SCAN` that meet expired keys",
    ours: "pass over them",
    theirs: "`SCAN` deletes them",
    reason: ONLY_LOOKS,
    test: [
      "packages/commands/src/generic/generic.test.ts",
      "KEYS and SCAN pass over expired keys and delete none",
    ],
  },
  {
    what: "`XINFO CONSUMERS` behind an `XREADGROUP` that got nothing",
    ours: "idle since it got something or was made",
    theirs: "idle since it asked",
    reason: ONLY_LOOKS,
    test: [
      "packages/commands/src/streams/streams.test.ts",
      "when nothing is new only the consumer is made, and once",
    ],
  },
  {
    what: "a bulk without line end behind it",
    ours: "a protocol error",
    theirs: "two bytes are skipped, whatever they are",
    reason: "what is out of step is noticed at once",
    test: [
      "packages/resp/src/hostile-bytes.test.ts",
      "Differs from Redis: a bulk without CRLF behind it is refused, not passed over",
    ],
  },
  {
    what: "`OBJECT ENCODING` behind `SADD`, `ZADD` and pushes of many arguments",
    ours: "by what is there then",
    theirs: "by the number and bytes of the arguments, too",
    reason: "the encoding follows from the effects, on every node alike",
    test: [
      "packages/commands/src/new-in-72.test.ts",
      "Differs from Redis: an encoding is raised by what is added, not by the number of arguments",
    ],
  },
  {
    what: "`SORT` whose `GET`s give more than 256 MB",
    ours: "an error, and nothing is changed",
    theirs: "answers until its memory ends",
    reason: "many GETs of large values are bounded by nothing else",
    test: [
      "packages/commands/src/generic/sort.test.ts",
      "GETs that give more than a node can hold are refused, and nothing is changed",
    ],
  },
  {
    what: "`EXEC` behind `WATCH` of a stream whose group got a consumer or was read",
    ours: "nil",
    theirs: "executed",
    reason: "whatever is replicated of a key counts as its change",
    test: [
      "test/conformance/mixed.test.ts",
      "Differs from Redis: a consumer that is made changes its watched stream",
    ],
  },
  {
    what: "`FUNCTION RESTORE` of what is no program, or registers a function that is there",
    ours: "taken, up to 4096 libraries of 32 MB together",
    theirs: "refused; without bounds",
    reason: "libraries are kept, and not run",
    test: [
      "test/conformance/functions.test.ts",
      "Differs from Redis: a library that is no program is kept, and refused where it is run",
    ],
  },
];
