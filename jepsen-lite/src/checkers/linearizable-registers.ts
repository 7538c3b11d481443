/** The one checker of registers: workloads that run together name the same. */

import { linearizability, registerModel } from "./linearizability.js";
import type { Checker } from "./verdict.js";

export const linearizableRegisters: Checker = linearizability(registerModel);
