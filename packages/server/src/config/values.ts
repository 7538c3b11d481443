/**
 * Kinds of configuration values: words in, typed value out, and back as CONFIG GET prints it.
 * Refusals use Redis's words. Pure; a refusal is a value, not an exception.
 */

import type { SavePoint } from "../snapshot/triggers.js";
import { int32Max } from "./constants.js";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export interface ValueKind<T> {
  /** For the reference: what may be written, unit included. */
  readonly syntax: string;
  /** `before` is the value so far: options with one line a class build on it. */
  parse(words: readonly string[], before: T): Parsed<T>;
  /** As CONFIG GET prints it. */
  format(value: T): string;
  /** Several lines of a file add up; CONFIG SET begins anew. Absent: the last one counts. */
  readonly addsUp?: boolean;
  /** One value of several words (bind, peers): CONFIG SET's single argument is split at spaces. */
  readonly variadic: boolean;
}

export const accept = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const refuse = (reason: string): Parsed<never> => ({ ok: false, reason });

const wrongCount = refuse("wrong number of arguments");

/** A kind whose value is one word. */
function oneWord<T>(
  syntax: string,
  parse: (word: string) => Parsed<T>,
  format: (value: T) => string,
): ValueKind<T> {
  return {
    syntax,
    variadic: false,
    format,
    parse: (words) => (words.length === 1 ? parse(words[0] as string) : wrongCount),
  };
}

export function text(syntax: string, check?: (word: string) => string | null): ValueKind<string> {
  const parse = (word: string): Parsed<string> => {
    const reason = check?.(word) ?? null;
    return reason === null ? accept(word) : refuse(reason);
  };
  return oneWord(syntax, parse, (value) => value);
}

export function yesNo(): ValueKind<boolean> {
  const parse = (word: string): Parsed<boolean> => {
    const lower = word.toLowerCase();
    if (lower === "yes") return accept(true);
    if (lower === "no") return accept(false);
    return refuse("argument must be 'yes' or 'no'");
  };
  return oneWord("yes \\| no", parse, (value) => (value ? "yes" : "no"));
}

/** One of `members`; when the word is another one that Redis knows, `elsewhere` may say more. */
export function oneOf<const M extends string>(
  members: readonly M[],
  elsewhere: Readonly<Record<string, string>> = {},
): ValueKind<M> {
  const parse = (word: string): Parsed<M> => {
    const lower = word.toLowerCase();
    const found = members.find((member) => member === lower);
    if (found !== undefined) return accept(found);
    return refuse(
      elsewhere[lower] ?? `argument(s) must be one of the following: ${members.join(", ")}`,
    );
  };
  return oneWord(members.join(" \\| "), parse, (value) => value);
}

/** `save`: pairs of seconds and changes, of one line or of several; none at all ("") turns it off. */
export function savePoints(initial: readonly SavePoint[]): ValueKind<readonly SavePoint[]> {
  const parse = (
    words: readonly string[],
    before: readonly SavePoint[],
  ): Parsed<readonly SavePoint[]> => {
    if (words.length === 0 || (words.length === 1 && words[0] === "")) return accept([]);
    if (words.length % 2 !== 0) return refuse("Invalid save parameters");
    const points: SavePoint[] = [];
    for (let at = 0; at < words.length; at += 2) {
      const seconds = integerUpTo(words[at] as string, int32Max);
      const changes = integerUpTo(words[at + 1] as string, int32Max);
      if (seconds === null || seconds < 1 || changes === null) {
        return refuse("Invalid save parameters");
      }
      points.push({ seconds, changes });
    }
    // The first line takes the place of the built-in ones.
    return accept(before === initial ? points : [...before, ...points]);
  };
  return {
    syntax: '`<seconds> <changes> ...`, or `""`',
    variadic: true,
    addsUp: true,
    format: (points) => points.map(({ seconds, changes }) => `${seconds} ${changes}`).join(" "),
    parse,
  };
}

function integerUpTo(word: string, max: number): number | null {
  const value = Number(word);
  return /^\d{1,10}$/.test(word) && value <= max ? value : null;
}

/** An option that Redoubt has in exactly one form: read and answered, never changed. */
export function fixed<const F extends string>(value: F, reason: string): ValueKind<F> {
  return {
    syntax: value === "" ? '`""` only' : `\`${value}\` only`,
    variadic: false,
    format: () => value,
    parse: (words) =>
      words.join(" ").toLowerCase() === value.toLowerCase() ? accept(value) : refuse(reason),
  };
}

export function integer(min: number, max: number, unit = ""): ValueKind<number> {
  const parse = (word: string): Parsed<number> => {
    if (!/^-?\d{1,16}$/.test(word)) {
      return refuse("argument couldn't be parsed into an integer");
    }
    const value = Number(word);
    return value >= min && value <= max ? accept(value) : refuse(outside(min, max));
  };
  return oneWord(`${min}..${max}${unit === "" ? "" : ` ${unit}`}`, parse, String);
}

const outside = (min: number, max: number): string =>
  `argument must be between ${min} and ${max} inclusive`;

/** Redis's memory values: 100, 1k = 1000, 1kb = 1024, m, mb, g, gb, b; any case. Bytes; null: not one. */
export function parseMemory(word: string): number | null {
  const match = /^(\d{1,16})(b|k|kb|m|mb|g|gb)?$/.exec(word.toLowerCase());
  if (match === null) return null;
  const scales: Record<string, number> = {
    b: 1,
    k: 1000,
    kb: 1024,
    m: 1000 ** 2,
    mb: 1024 ** 2,
    g: 1000 ** 3,
    gb: 1024 ** 3,
  };
  const bytes = Number(match[1]) * (scales[match[2] ?? "b"] ?? 1);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

export function memory(min: number, max: number, zeroMeans = ""): ValueKind<number> {
  const parse = (word: string): Parsed<number> => {
    const bytes = parseMemory(word);
    if (bytes === null) return refuse("argument must be a memory value");
    if (bytes === 0 && zeroMeans !== "") return accept(0);
    return bytes >= min && bytes <= max ? accept(bytes) : refuse(outside(min, max));
  };
  const upper = max === Number.MAX_SAFE_INTEGER ? "" : `..${max}`;
  const zero = zeroMeans === "" ? "" : `, 0: ${zeroMeans}`;
  return oneWord(`bytes (1k, 1kb, 1mb, ...), ${min}${upper || " and up"}${zero}`, parse, String);
}

/** A number of bytes, or a share of another one. */
export interface MemoryOrPercent {
  readonly amount: number;
  readonly unit: "bytes" | "percent";
}

/** Bytes as `memory`, or `5%`. */
export function memoryOrPercent(ofWhat: string): ValueKind<MemoryOrPercent> {
  const parse = (word: string): Parsed<MemoryOrPercent> => {
    const percent = /^(\d{1,3})%$/.exec(word);
    const amount = percent === null ? parseMemory(word) : Number(percent[1]);
    if (amount === null || (percent !== null && amount > 100)) {
      return refuse("argument must be a memory or percent value");
    }
    return accept({ amount, unit: percent === null ? "bytes" : "percent" });
  };
  const print = ({ amount, unit }: MemoryOrPercent): string =>
    unit === "percent" ? `${amount}%` : String(amount);
  return oneWord(`bytes, or 0%..100% of ${ofWhat}, 0: no limit`, parse, print);
}

/** An address to listen on. `optional` (written with a leading -): not an error when it does not exist. */
export interface ListenAddress {
  /** Never "*" nor "::*": those are resolved to 0.0.0.0 and ::. */
  readonly host: string;
  readonly optional: boolean;
}

export function listenAddresses(): ValueKind<readonly ListenAddress[]> {
  const wildcards: Record<string, string> = { "*": "0.0.0.0", "::*": "::" };
  return {
    syntax: "addresses, `*` and `::*`: every interface, `-` before one: may be missing",
    variadic: true,
    format: (value) => value.map(({ host, optional }) => `${optional ? "-" : ""}${host}`).join(" "),
    parse: (words) => {
      const addresses = words
        .filter((word) => word !== "")
        .map((word) => {
          const optional = word.startsWith("-");
          const host = optional ? word.slice(1) : word;
          return { host: wildcards[host] ?? host, optional };
        });
      if (addresses.length === 0) return refuse("at least one address to listen on is needed");
      if (addresses.some(({ host }) => host === "")) return refuse("Invalid bind address");
      return accept(addresses);
    },
  };
}

/** A voter as `peers` names it. */
export interface Peer {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  /** host:port, an IPv6 host in brackets. */
  readonly address: string;
  /** Born as a witness. Absent: as a data node. */
  readonly witness?: true;
}

export function peerList(idMax: number, countMax: number): ValueKind<readonly Peer[]> {
  return {
    syntax: "`id@host:port` for every member, `id@[v6]:port`, `/witness` behind a witness",
    variadic: true,
    format: (value) =>
      value
        .map(({ id, address, witness }) => `${id}@${address}${witness ? "/witness" : ""}`)
        .join(" "),
    parse: (words) => {
      const peers: Peer[] = [];
      for (const word of words.filter((each) => each !== "")) {
        const peer = parsePeer(word, idMax);
        if (typeof peer === "string") return refuse(peer);
        if (peers.some(({ id }) => id === peer.id)) return refuse(`id ${peer.id} is named twice`);
        if (peers.some(({ address }) => address === peer.address)) {
          return refuse(`address ${peer.address} is named twice`);
        }
        peers.push(peer);
      }
      if (peers.length === 0) return refuse("at least one member is needed");
      if (peers.length > countMax) return refuse(`at most ${countMax} members are possible`);
      return accept(peers);
    },
  };
}

function parsePeer(word: string, idMax: number): Peer | string {
  const match =
    /^(\d{1,10})@(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:@[\]/]+)):(\d{1,5})(\/witness)?$/.exec(word);
  if (match === null) return `'${word}' is not of the form id@host:port`;
  const id = Number(match[1]);
  const port = Number(match[4]);
  if (id < 1 || id > idMax) return `id in '${word}' must be between 1 and ${idMax}`;
  if (port < 1 || port > 65_535) return `port in '${word}' must be between 1 and 65535`;
  const host = (match[2] ?? match[3]) as string;
  const address = match[2] === undefined ? `${host}:${port}` : `[${host}]:${port}`;
  return { id, host, port, address, ...(match[5] === undefined ? {} : { witness: true }) };
}

/** Redis's output-buffer limits of one client class. 0: no limit. */
export interface BufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  /** How long the soft limit may be exceeded. */
  readonly softSeconds: number;
}

export interface BufferLimits {
  readonly normal: BufferLimit;
  readonly replica: BufferLimit;
  readonly pubsub: BufferLimit;
}

/** `class hard soft seconds`, as often as wanted; classes that are not named keep their values. */
export function bufferLimits(): ValueKind<BufferLimits> {
  const print = ({ hardBytes, softBytes, softSeconds }: BufferLimit): string =>
    `${hardBytes} ${softBytes} ${softSeconds}`;
  return {
    syntax: "`class hard soft seconds` (normal, replica, pubsub; 0: no limit), repeatable",
    variadic: true,
    format: (value) =>
      `normal ${print(value.normal)} slave ${print(value.replica)} pubsub ${print(value.pubsub)}`,
    parse: (words, before) => {
      if (words.length === 0 || words.length % 4 !== 0) {
        return refuse("Wrong number of arguments in buffer limit configuration.");
      }
      let limits = before;
      for (let at = 0; at < words.length; at += 4) {
        const named = (words[at] as string).toLowerCase();
        const clientClass = named === "slave" ? "replica" : named;
        if (clientClass !== "normal" && clientClass !== "replica" && clientClass !== "pubsub") {
          return refuse("Invalid client class specified in buffer limit configuration.");
        }
        const hardBytes = parseMemory(words[at + 1] as string);
        const softBytes = parseMemory(words[at + 2] as string);
        const softSeconds = Number(words[at + 3]);
        const secondsOk = /^\d{1,10}$/.test(words[at + 3] as string) && softSeconds <= int32Max;
        if (hardBytes === null || softBytes === null || !secondsOk) {
          return refuse(
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
          );
        }
        limits = { ...limits, [clientClass]: { hardBytes, softBytes, softSeconds } };
      }
      return accept(limits);
    },
  };
}
