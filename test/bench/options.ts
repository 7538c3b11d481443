/** Command line of npm run bench. */

import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Empty: those that run by default. */
  readonly groups: readonly string[];
  readonly rounds: number;
  /** Of one side's run within a round. */
  readonly seconds: number;
  /** Of micro: what the names of the questions contain that are asked; empty: all. */
  readonly only: string;
  /** File that gets every sample; null: none. */
  readonly json: string | null;
  /** Folder that gets the page of what is measured; null: there is none. */
  readonly page: string | null;
  /** Compare with the committed page. */
  readonly check: boolean;
}

/** The command line: a group that is not told how long it runs has its own time. */
export interface CommandLine extends Omit<BenchOptions, "seconds"> {
  readonly seconds: number | null;
}

/** Of most groups. */
export const SECONDS_BY_DEFAULT = 2;

export const USAGE = `Usage: npm run bench [-- <group>... [--rounds 5] [--seconds 2] [--only NAME] [--json FILE] [--write [--to FOLDER]] [--check]]

  --only NAME   of micro: questions whose names contain it
  --json FILE   every sample of every round
  --write       all throughput groups (or those named), and docs/reference/performance.md of them
  --to FOLDER   writes the page there instead
  --check       acceptance; what is 15 % worse than in docs/reference/performance.json ends with exit code 1

`;

/** The options, `help`, or a text that says what is wrong with them. `pageFolder`: where --write writes by default. */
export function readOptions(
  argv: readonly string[],
  groupNames: readonly string[],
  pageFolder: string,
): CommandLine | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        rounds: { type: "string", default: "5" },
        only: { type: "string", default: "" },
        seconds: { type: "string" },
        json: { type: "string" },
        write: { type: "boolean", default: false },
        to: { type: "string" },
        check: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return "help";
    const unknown = positionals.find((name) => !groupNames.includes(name));
    if (unknown !== undefined) return `no group '${unknown}': there are ${groupNames.join(", ")}`;
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) return "--rounds must be a whole number from 1";
    const seconds = values.seconds === undefined ? null : Number(values.seconds);
    if (seconds !== null && !(seconds > 0)) return "--seconds must be a number above 0";
    const { write, to, check } = values;
    if (to !== undefined && !write) return "--to is for --write";
    if (check && (write || positionals.length > 0)) return "--check goes alone";
    return {
      groups: [...new Set(positionals)],
      rounds,
      seconds,
      only: values.only,
      json: values.json ?? null,
      page: write ? (to ?? pageFolder) : null,
      check,
    };
  } catch (error) {
    // parseArgs throws for nothing but a mistake in the arguments, and names it.
    return (error as Error).message;
  }
}
