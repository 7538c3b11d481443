/** Error texts of streams, in Redis's exact words; what names keys and groups is made by a function. */

import { latin1 } from "../text.js";

/** Up to the first NUL: Redis compares and prints such arguments as C strings. */
export function cText(argument: Buffer): string {
  const end = argument.indexOf(0);
  return latin1(end < 0 ? argument : argument.subarray(0, end));
}

export const streamErrors = {
  invalidId: "ERR Invalid stream ID specified as stream command argument",
  invalidStart: "ERR invalid start ID for the interval",
  invalidEnd: "ERR invalid end ID for the interval",
  trimTwice: "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
  maxlenNegative: "ERR The MAXLEN argument must be >= 0.",
  limitNegative: "ERR The LIMIT argument must be >= 0.",
  limitWithoutTrim: "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
  limitOfExact: "ERR syntax error, LIMIT cannot be used without the special ~ option",
  trimMissing: "ERR syntax error, XTRIM must be called with a trimming strategy",
  idZero: "ERR The ID specified in XADD must be greater than 0-0",
  idExhausted: "ERR The stream has exhausted the last possible ID, unable to add more items",
  idNotAbove: "ERR The ID specified in XADD is equal or smaller than the target stream top item",
  entryTooLarge: "ERR Elements are too large to be stored",
  addedNegative: "ERR entries_added must be positive",
  idBelowDeletedOption:
    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
  idBelowDeleted: "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
  idBelowTop: "ERR The ID specified in XSETID is smaller than the target stream top item",
  addedBelowLength:
    "ERR The entries_added specified in XSETID is smaller than the target stream length",
  groupOnlyInGroup:
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
  noAckOnlyInGroup:
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
  groupMissing: "ERR Missing GROUP option for XREADGROUP",
  lastIdInGroup:
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
  newIdWithoutGroup:
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
  timeoutNotInteger: "ERR timeout is not an integer or out of range",
  timeoutNegative: "ERR timeout is negative",
  timeoutOutOfRange: "ERR timeout is out of range",
  groupExists: "BUSYGROUP Consumer Group name already exists",
  groupKeyMissing:
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
  entriesReadNegative: "ERR value for ENTRIESREAD must be positive or -1",
  claimIdle: "ERR Invalid min-idle-time argument for XCLAIM",
  claimIdleOption: "ERR Invalid IDLE option argument for XCLAIM",
  claimTimeOption: "ERR Invalid TIME option argument for XCLAIM",
  claimCountOption: "ERR Invalid RETRYCOUNT option argument for XCLAIM",
  autoclaimIdle: "ERR Invalid min-idle-time argument for XAUTOCLAIM",
  autoclaimCount: "ERR COUNT must be > 0",
} as const;

/** `command`: xread or xreadgroup. */
export function unbalancedStreams(command: string, symbol: string): string {
  return `ERR Unbalanced '${command}' list of streams: for each stream key an ID or '${symbol}' must be specified.`;
}

/** `purpose` ends the sentence in XREADGROUP. */
export function noKeyOrGroup(key: Buffer, group: Buffer, purpose = ""): string {
  return `NOGROUP No such key '${cText(key)}' or consumer group '${cText(group)}'${purpose}`;
}

export function noGroup(key: Buffer, group: Buffer): string {
  return `NOGROUP No such consumer group '${cText(group)}' for key name '${cText(key)}'`;
}

export function unknownClaimOption(option: Buffer): string {
  return `ERR Unrecognized XCLAIM option '${cText(option)}'`;
}
