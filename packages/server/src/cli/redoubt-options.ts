/** The options every subcommand that speaks to a cluster takes, beside its own. */

import { type ParseArgsConfig, parseArgs } from "node:util";
import { portMax, portMin } from "../config/constants.js";
import type { Target } from "./redoubt-client.js";
import { portDefault } from "./redoubt-constants.js";
import { type Terminal, usageError } from "./redoubt-terminal.js";

type Options = NonNullable<ParseArgsConfig["options"]>;

const common = {
  host: { type: "string", short: "h", default: "127.0.0.1" },
  port: { type: "string", short: "p", default: String(portDefault) },
  password: { type: "string", short: "a" },
  user: { type: "string" },
  json: { type: "boolean", default: false },
} as const satisfies Options;

export interface ParsedCommand {
  readonly target: Target;
  readonly json: boolean;
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | null;
  /** An integer option in [min, max]; null: not given. */
  integer(name: string, min: number, max: number): number | null;
}

export function parseCommand(
  argv: readonly string[],
  own: Options,
  { environment }: Terminal,
): ParsedCommand {
  const { values, positionals } = parsed(argv, own);
  const text = (name: string): string | null => {
    const value = values[name];
    return typeof value === "string" ? value : null;
  };
  const integer = (name: string, min: number, max: number): number | null => {
    const value = text(name);
    return value === null ? null : integerIn(value, `--${name}`, min, max);
  };
  const password = text("password") ?? environment.REDISCLI_AUTH ?? "";
  const user = text("user") ?? "";
  if (user !== "" && password === "") throw usageError("--user needs a password");
  return {
    target: {
      host: text("host") ?? "",
      port: integer("port", portMin, portMax) ?? portDefault,
      user,
      password,
    },
    json: values.json === true,
    positionals,
    flag: (name) => values[name] === true,
    text,
    integer,
  };
}

export function integerIn(text: string, what: string, min: number, max: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw usageError(`${what} is an integer from ${min} to ${max}, not '${text}'`);
  }
  return value;
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

function parsed(argv: readonly string[], own: Options): Parsed {
  try {
    return parseArgs({
      args: [...argv],
      options: { ...common, ...own },
      allowPositionals: true,
      allowNegative: true,
      strict: true,
    });
  } catch (error) {
    // Its words are for people, and end where its advice for programmers begins.
    const message = error instanceof Error ? error.message : String(error);
    throw usageError(message.split(". ")[0] ?? message);
  }
}
