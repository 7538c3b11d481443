import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ANNOUNCE_BYTES_MAX, PROTOCOL_VERSION } from "./constants.js";
import { MalformedFrame } from "./errors.js";
import { Claims } from "./generated/redoubt/peer/v1/peer.js";
import {
  decodeClaims,
  type Expectation,
  encodeClaims,
  type Identity,
  judgeChallenge,
  judgeClaims,
  proofOf,
  proofsMatch,
  RefusalCause,
  StreamKind,
} from "./handshake.js";

const identity: Identity = {
  clusterId: "a cluster",
  nodeId: 1,
  incarnation: 1,
  secret: Buffer.from("secret"),
  electionParametersMs: { electionTimeout: 500, heartbeatInterval: 50 },
};
const anyone: Expectation = { nodeId: null, judgePeer: () => null };
const nonce = randomBytes(32);
const link = randomBytes(16);
const claimsOfTwo = decodeClaims(
  encodeClaims({ ...identity, nodeId: 2 }, 1, Buffer.from("here"), nonce, link),
);

test("causes of refusal and labels of the proof are frozen", () => {
  expect(RefusalCause).toEqual({
    version: 1,
    cluster: 2,
    identity: 3,
    incarnation: 4,
    electionParameters: 5,
    secret: 6,
    malformed: 7,
  });
  expect(StreamKind).toEqual({ control: "control", append: "append" });
  const proof = proofOf(
    Buffer.from("k"),
    "acceptor",
    "append",
    Buffer.alloc(32),
    Buffer.from("c"),
    null,
  );
  expect(Buffer.from(proof).toString("hex")).toMatchInlineSnapshot(
    `"a9f86be2656ca0f9c3c995dcf691f097bd3e2a29ba5e3baaa4335e0b2ef00afb"`,
  );
});

describe("trap-18 who is refused, and why", () => {
  test("nobody whose claims fit", () => {
    expect(judgeClaims(identity, anyone, claimsOfTwo, true)).toBe(null);
  });

  test.each<[RefusalCause, Partial<Claims>]>([
    ["version", { protocolVersion: PROTOCOL_VERSION + 1 }],
    ["cluster", { clusterId: "another" }],
    ["identity", { to: 3 }],
    ["electionParameters", { electionTimeoutMs: 501 }],
    ["electionParameters", { heartbeatIntervalMs: Number.NaN }],
  ])("%s: %o", (cause, claims) => {
    expect(judgeClaims(identity, anyone, { ...claimsOfTwo, ...claims }, true)).toBe(cause);
  });

  test("without the secret one learns nothing but that, whatever one claims", () => {
    const claims = { ...claimsOfTwo, clusterId: "another", to: 9, electionTimeoutMs: 1 };
    expect(judgeClaims(identity, anyone, claims, false)).toBe("secret");
  });

  test("another node than the one dialled", () => {
    const expectation = { ...anyone, nodeId: 3 };
    expect(judgeClaims(identity, expectation, claimsOfTwo, true)).toBe("identity");
  });

  test("a challenge of another version", () => {
    const challenge = { protocolVersion: PROTOCOL_VERSION + 1, nonce };
    expect(judgeChallenge(challenge)).toBe("version");
    expect(judgeChallenge({ ...challenge, protocolVersion: PROTOCOL_VERSION })).toBe(null);
    const short = { protocolVersion: PROTOCOL_VERSION, nonce: nonce.subarray(1) };
    expect(judgeChallenge(short)).toBe("malformed");
  });

  test.each<Partial<Claims>>([
    { nonce: Buffer.alloc(31) },
    { link: Buffer.alloc(0) },
    { announce: Buffer.alloc(ANNOUNCE_BYTES_MAX + 1) },
    { clusterId: "x".repeat(257) },
  ])("claims out of range are malformed: %#", (claims) => {
    const bytes = Claims.encode({ ...claimsOfTwo, ...claims }).finish();
    expect(() => decodeClaims(bytes)).toThrow(MalformedFrame);
  });
});

describe("the proof", () => {
  const parts = ["dialer", "control", nonce, Buffer.from("claims"), Buffer.from("answer")] as const;
  const proof = proofOf(identity.secret, ...parts);

  test("is the same for the same words", () => {
    expect(proofsMatch(proof, proofOf(identity.secret, ...parts))).toBe(true);
  });

  test.each<[string, Uint8Array]>([
    ["secret", proofOf(Buffer.from("other"), ...parts)],
    ["no secret", proofOf(null, ...parts)],
    ["direction", proofOf(identity.secret, "acceptor", ...tail(1))],
    ["stream", proofOf(identity.secret, "dialer", "append", ...tail(2))],
    ["challenge", proofOf(identity.secret, "dialer", "control", randomBytes(32), ...tail(3))],
    ["claims", proofOf(identity.secret, "dialer", "control", nonce, Buffer.from("x"), parts[4])],
    ["answer", proofOf(identity.secret, "dialer", "control", nonce, parts[3], null)],
    [
      "boundary between claims and answer",
      proofOf(
        identity.secret,
        "dialer",
        "control",
        nonce,
        Buffer.from("claimsa"),
        Buffer.from("nswer"),
      ),
    ],
    ["length", proof.subarray(1)],
  ])("is another for another %s", (_, other) => {
    expect(proofsMatch(proof, other)).toBe(false);
  });

  function tail(from: 1): ["control", Buffer, Buffer, Buffer];
  function tail(from: 2): [Buffer, Buffer, Buffer];
  function tail(from: 3): [Buffer, Buffer];
  function tail(from: number): unknown {
    return parts.slice(from);
  }
});
