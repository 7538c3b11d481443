/** redis://[[user]:password@]host[:port][/database]: where a running Redis is asked for its data. */

import { portMax, portMin } from "../config/constants.js";
import { formatAddress } from "../gateway/address.js";

export interface RedisSource {
  readonly address: string;
  /** "": the default user. */
  readonly user: string;
  /** "": none. */
  readonly password: string;
  /** null: not said. */
  readonly database: number | null;
}

const portDefault = 6379;

export function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//i.test(text);
}

/** A text: why it can't be used. The password is in no message. */
export function parseRedisUrl(text: string): RedisSource | string {
  if (/^rediss:/i.test(text)) return "rediss:// (TLS) can't be asked: use a tunnel, or an RDB file";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // URL's words repeat the text, password included.
    return "it is not redis://[user:password@]host:port";
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? portDefault : Number(url.port);
  const database = url.pathname.replace(/^\//, "");
  if (host === "" || port < portMin || port > portMax || url.search !== "" || url.hash !== "") {
    return "it is not redis://[user:password@]host:port";
  }
  if (database !== "" && !/^\d{1,5}$/.test(database)) {
    return "behind host:port stands the number of a database, or nothing";
  }
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (user === null || password === null) return "user or password hold a bad %";
  if (user !== "" && password === "") return "a user needs a password";
  return {
    address: formatAddress(host, port),
    user,
    password,
    database: database === "" ? null : Number(database),
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // A '%' that begins no escape.
    return null;
  }
}
