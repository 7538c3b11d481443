/** A string register with `read`, `write`, `setnx` and `cas`. No operation makes it empty again. */

import type { Operation } from "../history/history.js";
import { INCONSISTENT, type Model, type State } from "./model.js";
import { explainRegister } from "./register-explanation.js";
import { changesNothing } from "./register-operations.js";
import { plainlyImpossible } from "./register-refutation.js";

export const registerModel: Model = {
  name: "register",
  ops: ["read", "write", "setnx", "cas"],
  init: null,
  step,
  changesNothing,
  refute: plainlyImpossible,
  explain: explainRegister,
};

function step(state: State, operation: Operation): State | typeof INCONSISTENT {
  const { op, input, output, outcome } = operation;
  const isKnown = outcome === "ok";
  switch (op) {
    case "read":
      return isKnown && output !== state ? INCONSISTENT : state;
    case "write":
      return input as string;
    case "setnx":
      if (isKnown && output !== (state === null)) return INCONSISTENT;
      return state === null ? (input as string) : state;
    case "cas": {
      const [from, to] = input as readonly [string, string];
      if (isKnown && output !== (state === from)) return INCONSISTENT;
      return state === from ? to : state;
    }
    default:
      throw new Error(`a register has no ${op}`);
  }
}
