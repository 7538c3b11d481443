/** Command line of npm run bench. */

import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Empty: those that run by default. */
  readonly groups: readonly string[];
  readonly rounds: number;
  /** Of one side's run within a round. */
  readonly seconds: number;
  /** File that gets every sample; null: none. */
  readonly json: string | null;
}

export const USAGE = `Usage: npm run bench [-- <group>... [--rounds 5] [--seconds 2] [--json FILE]]
`;

/** The options, or a text that says what is wrong with them. */
export function readOptions(
  argv: readonly string[],
  groupNames: readonly string[],
): BenchOptions | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        rounds: { type: "string", default: "5" },
        seconds: { type: "string", default: "2" },
        json: { type: "string" },
      },
    });
    const unknown = positionals.find((name) => !groupNames.includes(name));
    if (unknown !== undefined) return `no group '${unknown}': there are ${groupNames.join(", ")}`;
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) return "--rounds must be a whole number from 1";
    const seconds = Number(values.seconds);
    if (!(seconds > 0)) return "--seconds must be a number above 0";
    return {
      groups: [...new Set(positionals)],
      rounds,
      seconds,
      json: values.json ?? null,
    };
  } catch (error) {
    // parseArgs throws for nothing but a mistake in the arguments, and names it.
    return (error as Error).message;
  }
}
