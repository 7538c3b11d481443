import type { Configuration, Member } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { type MemberConfig, misfit } from "./misfit.js";

const timing = { electionTimeoutMs: 500, clockDriftPercentMax: 10 };
const config: MemberConfig = { ...timing, isWitness: false };
const identity = { nodeId: 4, incarnation: 20 };

function naming(...voters: Omit<Member, "peerAddress">[]): Configuration {
  return {
    clusterId: "c",
    voters: voters.map((member) => ({ ...member, peerAddress: `n${member.id}:1` })),
    votersOutgoing: [],
    learners: [],
    timing,
  };
}

const named = naming({ id: 1, incarnation: 1 }, { id: 4, incarnation: 20 });

describe("a node is the member that the log names", () => {
  test("with the cluster's timing and in its own role", () => {
    expect(misfit(config, identity, named)).toBeNull();
    expect(misfit(config, identity, null)).toBeNull();
  });

  test("trap-14 not with another bound on drift: its lease would outlive the others' patience", () => {
    const problem = misfit({ ...config, clockDriftPercentMax: 0 }, identity, named);
    expect(problem).toMatchObject({ code: "ELECTION_TIMING_DIFFERS" });
  });

  test("not with another election timeout", () => {
    const problem = misfit({ ...config, electionTimeoutMs: 400 }, identity, named);
    expect(problem).toMatchObject({ code: "ELECTION_TIMING_DIFFERS" });
  });

  test("not as a witness, when it is named as a data node", () => {
    const problem = misfit({ ...config, isWitness: true }, identity, named);
    expect(problem).toMatchObject({ code: "NODE_ROLE_DIFFERS" });
  });

  test("whatever an earlier incarnation of its id was", () => {
    const before = naming({ id: 1, incarnation: 1 }, { id: 4, incarnation: 9, witness: true });
    expect(misfit(config, identity, before)).toBeNull();
    expect(misfit({ ...config, electionTimeoutMs: 400 }, identity, before)).toBeNull();
  });
});
