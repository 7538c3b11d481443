/** Text forms of socket addresses, as Redis prints and compares them. */

/** Whether an address is this machine's loopback, IPv4-mapped IPv6 included. */
export function isLoopback(address: string): boolean {
  const plain = withoutMapping(address);
  return plain.startsWith("127.") || plain === "::1";
}

/** An IPv4 peer of a dual-stack listener shows as ::ffff:a.b.c.d; Redis clients expect a.b.c.d. */
export function withoutMapping(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** `host:port`, IPv6 in brackets (Redis: formatAddr). */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host part of `host:port` or `[host]:port`; the whole text when there is no port. */
export function hostOf(address: string): string {
  if (address.startsWith("[")) {
    const close = address.indexOf("]");
    return close < 0 ? address.slice(1) : address.slice(1, close);
  }
  const colon = address.lastIndexOf(":");
  return colon < 0 ? address : address.slice(0, colon);
}

/** The port part of `host:port`; 0 when there is none. */
export function portOf(address: string): number {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  return Number.isInteger(port) ? port : 0;
}

/** Whether listening on `host` means every address, so that it names none a client could use. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "*";
}
