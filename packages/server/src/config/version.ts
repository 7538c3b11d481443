import { readFileSync } from "node:fs";

/** Redis version that clients are told: its commands and replies are the reference. */
export const redisVersion = "7.2.0";

function readPackageVersion(): string {
  // Sources and build output are equally deep below the package.
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

export const redoubtVersion: string = readPackageVersion();
