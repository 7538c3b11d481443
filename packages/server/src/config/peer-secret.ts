import { readFileSync } from "node:fs";
import { peerSecretBytesMin } from "./constants.js";
import { ConfigError } from "./errors.js";
import type { ServerConfig } from "./server-config.js";

/** The members' secret, white space at its ends removed; null: none is configured. Throws ConfigError. */
export function readPeerSecret(config: ServerConfig): Uint8Array | null {
  const path = config.peerSecretPath;
  if (path === null) return null;
  let content: string;
  try {
    content = readFileSync(path, "latin1").trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`can't read peer-secret-file '${path}': ${reason}`, { cause: error });
  }
  if (content.length < peerSecretBytesMin) {
    throw new ConfigError(
      `peer-secret-file '${path}' holds ${content.length} bytes, at least ${peerSecretBytesMin} are needed`,
    );
  }
  return Buffer.from(content, "latin1");
}
