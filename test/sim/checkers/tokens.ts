/** Values nobody else writes ("v12."): each names its write. */

import { type Reply, RespError } from "../../support/resp-reader.js";
import type { Operation } from "../workload/history.js";

export function tokensOf(value: Reply | readonly string[]): readonly string[] {
  if (typeof value === "string") return value.match(/v\d+\./g) ?? [];
  if (Array.isArray(value)) return value.flatMap((item) => tokensOf(item));
  return [];
}

/** Its success says that the value it carries was written. */
export function acknowledgesItsValue({ model, argv, reply }: Operation): boolean {
  if (model === "transaction" || reply instanceof RespError) return false;
  switch (argv[0]) {
    case "SET":
      return reply === "OK";
    case "SETNX":
      return reply === 1;
    case "FUNCTION":
      return reply === "OK";
    case "CAS":
      return Array.isArray(reply);
    default:
      return ["GETSET", "APPEND", "RPUSH", "LPUSH", "HSET", "XADD", "LSET"].includes(argv[0]!);
  }
}
