import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bootstrapEntries, decodeConfiguration, encodeConfiguration } from "./configuration.js";
import { ConfigurationError } from "./errors.js";
import type { Configuration, Member } from "./types.js";

const member = (id: number): Member => ({ id, incarnation: 1, peerAddress: `10.0.0.${id}:7000` });
const plain: Configuration = {
  clusterId: "c-1",
  voters: [member(1), member(2), member(3)],
  votersOutgoing: [],
  learners: [member(4)],
};

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const members = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    incarnation: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    peerAddress: fc.stringMatching(/^[\x20-\x7e]{0,40}$/),
  }),
  { selector: ({ id }) => id, minLength: 3, maxLength: 12 },
);

describe("encodeConfiguration", () => {
  test("writes bytes that are frozen: they are in every log on disk", () => {
    const small: Configuration = {
      ...plain,
      voters: [member(2), { ...member(1), incarnation: 2 ** 40 + 5, witness: true }],
      learners: [{ ...member(3), promote: true }],
      timing: { electionTimeoutMs: 500, clockDriftPercentMax: 10 },
    };
    const bytes =
      "020003632d31" +
      "0002" +
      "00000001000001000000000501000d31302e302e302e313a37303030" +
      "00000002000000000000000100000d31302e302e302e323a37303030" +
      "0000" +
      "0001" +
      "00000003000000000000000102000d31302e302e302e333a37303030" +
      "01000001f40000000a";
    expect(hex(encodeConfiguration(small))).toBe(bytes);
    const sorted = { ...small, voters: [small.voters[1]!, small.voters[0]!] };
    expect(decodeConfiguration(Buffer.from(bytes, "hex"))).toEqual(sorted);
  });

  test("version 1 is read for ever", () => {
    const bytes =
      "010003632d31" +
      "0002" +
      "0000000100000001000d31302e302e302e313a37303030" +
      "0000000200000001000d31302e302e302e323a37303030" +
      "0000" +
      "0000";
    const read = decodeConfiguration(Buffer.from(bytes, "hex"));
    expect(read).toEqual({ ...plain, voters: [member(1), member(2)], learners: [] });
  });

  test("is read back, and does not depend on the order members are listed in", () => {
    const property = fc.property(members, fc.nat(), (all, cut) => {
      const voters = all.slice(0, 1 + (cut % (all.length - 1)));
      const rest = all.slice(voters.length);
      const configuration = {
        clusterId: "x",
        voters,
        votersOutgoing: rest.slice(0, 1),
        learners: rest.slice(1),
      };
      const bytes = encodeConfiguration(configuration);
      const read = decodeConfiguration(bytes);
      expect(hex(encodeConfiguration(read))).toBe(hex(bytes));
      expect(new Set(read.voters)).toEqual(new Set(voters));
      expect(read.learners).toHaveLength(configuration.learners.length);
      const shuffled = { ...configuration, voters: [...voters].reverse() };
      expect(hex(encodeConfiguration(shuffled))).toBe(hex(bytes));
    });
    fc.assert(property, { seed: 1 });
  });

  test("refuses what cannot be a configuration", () => {
    const bad: Partial<Configuration>[] = [
      { voters: [] },
      { clusterId: "" },
      { clusterId: "näme" },
      { voters: [member(1), member(1)] },
      { voters: [{ ...member(1), id: 0 }] },
      { voters: [{ ...member(1), incarnation: 0 }] },
      { learners: [member(1)] },
      { votersOutgoing: [{ ...member(1), incarnation: 2 }] },
    ];
    for (const change of bad) {
      expect(() => encodeConfiguration({ ...plain, ...change })).toThrow(ConfigurationError);
    }
  });
});

describe("decodeConfiguration", () => {
  const bytes = encodeConfiguration(plain);

  test("refuses every shortening, and bytes behind the end", () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeConfiguration(bytes.subarray(0, length))).toThrow(ConfigurationError);
    }
    expect(() => decodeConfiguration(Uint8Array.from([...bytes, 0]))).toThrow(ConfigurationError);
  });

  test("throws nothing but its own error on any bytes", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(), (noise, at) => {
      const damaged = Uint8Array.from(bytes);
      damaged.set(noise.subarray(0, 3), at % (damaged.length - 3));
      for (const candidate of [noise, damaged]) {
        try {
          const read = decodeConfiguration(candidate);
          expect(hex(encodeConfiguration(read))).toBe(hex(candidate));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
      }
    });
    fc.assert(property, { seed: 1, numRuns: 500 });
  });
});

test("bootstrapEntries are the same on every node", () => {
  const here = bootstrapEntries(plain);
  const there = bootstrapEntries({ ...plain, voters: [member(3), member(1), member(2)] });
  expect(here).toEqual(there);
  expect(here).toMatchObject([{ index: 1, term: 1, kind: 2 }]);
});
