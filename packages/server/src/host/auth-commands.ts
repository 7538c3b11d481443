/** AUTH and HELLO. There is one user, `default`, whose password is `requirepass`. */

import { createHash, timingSafeEqual } from "node:crypto";
import { errors } from "@redoubt/commands";
import type { Session } from "@redoubt/replica";
import { redisVersion } from "../config/index.js";
import { invalidName, nameIsValid } from "./client-name.js";
import {
  connectionOf,
  type HostHandler,
  type HostServices,
  integerOf,
  isMaster,
  word,
} from "./services.js";

const noPassword =
  "ERR AUTH <password> called without any password configured for the default user. " +
  "Are you sure your configuration is correct?";
const wrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";
const helloNeedsAuth =
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH " +
  "<user> <pass> option can be used to authenticate the client and select the RESP protocol " +
  "version at the same time";

/** AUTH [username] password */
export const auth: HostHandler = (services, session, argv) => {
  const { reply } = session;
  if (argv.length > 3) return reply.error(errors.syntax);
  const password = argv[argv.length - 1]!;
  if (argv.length === 2 && services.config.requirepass === "") return reply.error(noPassword);
  const user = argv.length === 3 ? argv[1]!.toString("latin1") : "default";
  if (!authenticate(services, session, user, password)) return reply.error(wrongPassword);
  reply.ok();
};

/** HELLO [protover [AUTH username password] [SETNAME clientname]] */
export const hello: HostHandler = (services, session, argv) => {
  const { reply } = session;
  let protocol: 2 | 3 = reply.protocol;
  if (argv.length > 1) {
    const version = integerOf(argv[1]);
    if (version === null) {
      return reply.error("ERR Protocol version is not an integer or out of range");
    }
    if (version !== 2 && version !== 3) {
      return reply.error("NOPROTO unsupported protocol version");
    }
    protocol = version;
  }
  const options = helloOptions(argv);
  if (typeof options === "string") return reply.error(options);
  if (options.user !== null && options.password !== null) {
    if (!authenticate(services, session, options.user, options.password)) {
      return reply.error(wrongPassword);
    }
  }
  if (!session.authenticated) return reply.error(helloNeedsAuth);
  if (options.name !== null) connectionOf(session).name = options.name;
  reply.protocol = protocol;
  greet(services, session);
};

export function initiallyAuthenticated({ config }: HostServices): boolean {
  return config.requirepass === "";
}

interface HelloOptions {
  user: string | null;
  password: Buffer | null;
  name: string | null;
}

function helloOptions(argv: readonly Buffer[]): HelloOptions | string {
  const options: HelloOptions = { user: null, password: null, name: null };
  for (let i = 2; i < argv.length; i++) {
    const left = argv.length - 1 - i;
    const option = word(argv[i]);
    if (option === "AUTH" && left >= 2) {
      options.user = argv[i + 1]!.toString("latin1");
      options.password = argv[i + 2]!;
      i += 2;
    } else if (option === "SETNAME" && left >= 1) {
      const name = argv[i + 1]!.toString("latin1");
      if (!nameIsValid(name)) return invalidName;
      options.name = name;
      i += 1;
    } else {
      return `ERR Syntax error in HELLO option '${argv[i]!.toString("latin1")}'`;
    }
  }
  return options;
}

function greet({ replica }: HostServices, session: Session): void {
  const { reply } = session;
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(redisVersion);
  reply.bulk("proto");
  reply.integer(reply.protocol);
  reply.bulk("id");
  reply.integer(session.id);
  reply.bulk("mode");
  reply.bulk("cluster");
  reply.bulk("role");
  reply.bulk(isMaster(replica().status()) ? "master" : "replica");
  reply.bulk("modules");
  reply.array(0);
}

/** Without a password any will do for the default user, as in Redis (`nopass`). */
function authenticate(
  { config }: HostServices,
  session: Session,
  user: string,
  password: Buffer,
): boolean {
  const required = config.requirepass;
  const known = required === "" || sameBytes(Buffer.from(required, "utf8"), password);
  if (user !== "default" || !known) return false;
  session.authenticated = true;
  return true;
}

/** Takes the same time wherever the first difference is; digests hide the length as well. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}
