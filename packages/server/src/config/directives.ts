/**
 * From a command line to directives in the order they count: file, standard input, --name value ...
 * A later directive wins.
 */

import { includeDepthMax } from "./constants.js";
import { ConfigError } from "./errors.js";
import { splitWords } from "./tokens.js";

/** Text of a file; "-" is standard input. Throws when it cannot be read. */
export type ReadFile = (path: string) => string;

export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  /** For error messages: "redoubt.conf line 3", "command line". */
  readonly where: string;
  readonly fromCommandLine: boolean;
}

export interface Directives {
  /** As given; null: none. What CONFIG REWRITE would write. */
  readonly file: string | null;
  readonly directives: readonly Directive[];
}

export function readDirectives(argv: readonly string[], readFile: ReadFile): Directives {
  let rest = argv;
  let file: string | null = null;
  let standardInput = false;
  const first = rest[0];
  if (first !== undefined && first !== "-" && !first.startsWith("--")) {
    file = first;
    rest = rest.slice(1);
  }
  if (rest.at(-1) === "-") {
    standardInput = true;
    rest = rest.slice(0, -1);
  }
  const directives: Directive[] = [];
  if (file !== null) readConfigFile(file, readFile, 1, directives);
  if (standardInput) readConfigFile("-", readFile, 1, directives);
  readOptions(rest, directives);
  return { file, directives };
}

function readConfigFile(path: string, readFile: ReadFile, depth: number, into: Directive[]): void {
  if (depth > includeDepthMax) {
    throw new ConfigError(`can't include '${path}': more than ${includeDepthMax} files deep`);
  }
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`can't open config file '${path}': ${reason}`, { cause: error });
  }
  const source = path === "-" ? "standard input" : path;
  content.split("\n").forEach((raw, index) => {
    const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
    if (line === "" || line.startsWith("#")) return;
    const where = `${source} line ${index + 1}`;
    const words = splitWords(line);
    const name = words?.[0];
    if (words === null || name === undefined) {
      throw new ConfigError(`${where}: Unbalanced quotes in configuration line`);
    }
    if (name.toLowerCase() !== "include") {
      into.push({ name, words: words.slice(1), where, fromCommandLine: false });
      return;
    }
    const included = words[1];
    if (words.length !== 2 || included === undefined) {
      throw new ConfigError(`${where}: 'include': wrong number of arguments`);
    }
    readConfigFile(included, readFile, depth + 1, into);
  });
}

function readOptions(options: readonly string[], into: Directive[]): void {
  let at = 0;
  while (at < options.length) {
    const option = options[at] as string;
    if (!option.startsWith("--") || option === "--") {
      throw new ConfigError(
        `command line: '${option}': Bad directive or wrong number of arguments`,
      );
    }
    let end = at + 1;
    while (end < options.length && !(options[end] as string).startsWith("--")) end += 1;
    into.push({
      name: option.slice(2),
      words: options.slice(at + 1, end),
      where: "command line",
      fromCommandLine: true,
    });
    at = end;
  }
}
