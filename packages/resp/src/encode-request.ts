/** One request as a client sends it: an array of bulk strings. Strings are sent as UTF-8. For the CLI and for tests. */
export function encodeRequest(argv: readonly (string | Uint8Array)[]): Buffer {
  const lineEnd = Buffer.from("\r\n", "latin1");
  const parts: Uint8Array[] = [Buffer.from(`*${argv.length}\r\n`, "latin1")];
  for (const argument of argv) {
    const bytes = typeof argument === "string" ? Buffer.from(argument, "utf8") : argument;
    parts.push(Buffer.from(`$${bytes.length}\r\n`, "latin1"), bytes, lineEnd);
  }
  return Buffer.concat(parts);
}
