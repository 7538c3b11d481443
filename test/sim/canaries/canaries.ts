/** All canaries, in the order of the table in docs/internals/simulator.md. */

import type { Canary } from "./canary.js";
import { consensusCanaries } from "./consensus.js";
import { stateMachineCanaries } from "./state-machine.js";

export const canaries: readonly Canary[] = [...consensusCanaries, ...stateMachineCanaries];
