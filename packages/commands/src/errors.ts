/**
 * Every error text a client can get from a command, in Redis's exact words, for ReplyWriter.error.
 * Client errors are values, never thrown. `CommandsAssertionError` is the other kind: a broken invariant.
 */

import { ERROR_ARGUMENT_BYTES_MAX } from "./constants.js";
import { latin1 } from "./text.js";
import type { CommandRow } from "./types.js";

export class CommandsAssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new CommandsAssertionError(text);
}

export const errors = {
  syntax: "ERR syntax error",
  wrongType: "WRONGTYPE Operation against a key holding the wrong kind of value",
  notInteger: "ERR value is not an integer or out of range",
  notInt32: "ERR value is out of range, value must between -2147483648 and 2147483647",
  notFloat: "ERR value is not a valid float",
  outOfRange: "ERR value is out of range",
  notPositive: "ERR value is out of range, must be positive",
  notNegatable:
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
  hashNotInteger: "ERR hash value is not an integer",
  hashNotFloat: "ERR hash value is not a float",
  incrementNotFinite: "ERR value is NaN or Infinity",
  keyCountNotPositive: "ERR numkeys should be greater than 0",
  keyCountTooLarge: "ERR Number of keys can't be greater than number of args",
  limitNegative: "ERR LIMIT can't be negative",
  scoreNaN: "ERR resulting score is not a number (NaN)",
  rangeNotFloat: "ERR min or max is not a float",
  rangeNotLex: "ERR min or max not valid string range item",
  addNxWithXx: "ERR XX and NX options at the same time are not compatible",
  addGtWithLt: "ERR GT, LT, and/or NX options at the same time are not compatible",
  addIncrPairs: "ERR INCR option supports a single increment-element pair",
  limitByRank:
    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
  scoresByLex: "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
  weightNotFloat: "ERR weight value is not a float",
  nanOrInfinity: "ERR increment would produce NaN or Infinity",
  incrementOverflow: "ERR increment or decrement would overflow",
  decrementOverflow: "ERR decrement would overflow",
  offsetOutOfRange: "ERR offset is out of range",
  stringTooLong: "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
  noSuchKey: "ERR no such key",
  indexOutOfRange: "ERR index out of range",
  rankZero:
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
  rankOutOfRange:
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
  countNegative: "ERR COUNT can't be negative",
  maxlenNegative: "ERR MAXLEN can't be negative",
  numkeysNotPositive: "ERR numkeys should be greater than 0",
  countNotPositive: "ERR count should be greater than 0",
  sortWeight: "ERR One or more scores can't be converted into double",
  sortTooLarge: "ERR the values that BY and GET ask for are too large together",
  frequencyNotKept:
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
  busyKey: "BUSYKEY Target key name already exists.",
  invalidTtl: "ERR Invalid TTL value, must be >= 0",
  invalidIdletime: "ERR Invalid IDLETIME value, must be >= 0",
  invalidFreq: "ERR Invalid FREQ value, must be >= 0 and <= 255",
  dumpVersionOrChecksum: "ERR DUMP payload version or checksum are wrong",
  dumpBadFormat: "ERR Bad data format",
  restoreTooLarge: "ERR the value is too large to be restored at once",
  dumpTooLarge: "ERR the value is too large to be dumped",
  libraryNotFound: "ERR Library not found",
  librariesTooLarge: "ERR the libraries of functions are too large together",
  librariesTooMany: "ERR there are too many libraries of functions",
  functionFlushOption: "ERR FUNCTION FLUSH only supports SYNC|ASYNC option",
  restorePolicy: "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
  sameObject: "ERR source and destination objects are the same",
  invalidCursor: "ERR invalid cursor",
  expireNxWithOthers: "ERR NX and XX, GT or LT options at the same time are not compatible",
  expireGtWithLt: "ERR GT and LT options at the same time are not compatible",
  selectInCluster: "ERR SELECT is not allowed in cluster mode",
  databaseOutOfRange: "ERR DB index is out of range",
  copyInCluster: "ERR Copying to another database is not allowed in cluster mode",
  getKeysInvalidCommand: "ERR Invalid command specified",
  getKeysNoKeys: "ERR The command has no key arguments",
  getKeysWrongArity: "ERR Invalid number of arguments specified for command",
  getKeysInvalidArguments: "ERR Invalid arguments specified for command",
  noAuth: "NOAUTH Authentication required.",
  multiNested: "ERR MULTI calls can not be nested",
  execWithoutMulti: "ERR EXEC without MULTI",
  discardWithoutMulti: "ERR DISCARD without MULTI",
  watchInsideMulti: "ERR WATCH inside MULTI is not allowed",
  notInMulti: "ERR Command not allowed inside a transaction",
  execAbort: "EXECABORT Transaction discarded because of previous errors.",
  readonlyReplica: "READONLY You can't write against a read only replica.",
  outOfMemory: "OOM command not allowed when used memory > 'maxmemory'.",
  clusterDown: "CLUSTERDOWN The cluster is down",
} as const;

export function wrongArity(fullName: string): string {
  return `ERR wrong number of arguments for '${fullName}' command`;
}

export function invalidExpire(fullName: string): string {
  return `ERR invalid expire time in '${fullName}' command`;
}

export function inputKeyNeeded(fullName: string): string {
  return `ERR at least 1 input key is needed for '${fullName}' command`;
}

export function unsupportedOption(option: Buffer): string {
  return `ERR Unsupported option ${cString(option, option.length)}`;
}

/** Shows the start of the arguments, as Redis: each quoted, about 128 bytes in all. */
export function unknownCommand(argv: readonly Buffer[]): string {
  const name = argv[0];
  assert(name !== undefined, "a request without a name has no error text");
  let shown = "";
  for (let i = 1; i < argv.length && shown.length < ERROR_ARGUMENT_BYTES_MAX; i++) {
    shown += `'${cString(argv[i]!, ERROR_ARGUMENT_BYTES_MAX - shown.length)}' `;
  }
  const quoted = cString(name, ERROR_ARGUMENT_BYTES_MAX);
  return `ERR unknown command '${quoted}', with args beginning with: ${shown}`;
}

export function unknownSubcommand(container: CommandRow, name: Buffer): string {
  const quoted = cString(name, ERROR_ARGUMENT_BYTES_MAX);
  return `ERR unknown subcommand '${quoted}'. Try ${container.fullName.toUpperCase()} HELP.`;
}

/** Redis's answer to options of a subcommand that it does not understand. */
export function subcommandSyntax(container: string, name: Buffer): string {
  const shown = cString(name, name.length).slice(0, ERROR_ARGUMENT_BYTES_MAX);
  return `ERR unknown subcommand or wrong number of arguments for '${shown}'. Try ${container} HELP.`;
}

/** The bytes up to the first NUL, `bytesMax` at most: Redis prints arguments as C strings. */
function cString(bytes: Buffer, bytesMax: number): string {
  const end = bytes.indexOf(0);
  return latin1(bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, bytesMax)));
}
