import { expect, test } from "vitest";
import {
  formatAddress,
  hostOf,
  isLoopback,
  isWildcard,
  portOf,
  withoutMapping,
} from "./address.js";

test("loopback is known in all its forms, and nothing else is", () => {
  for (const host of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
    expect(isLoopback(host)).toBe(true);
  }
  for (const host of ["10.0.0.1", "::ffff:10.0.0.1", "::2", "1.127.0.0", ""]) {
    expect(isLoopback(host)).toBe(false);
  }
});

test("an IPv4 client of a dual-stack listener is shown as IPv4", () => {
  expect(withoutMapping("::ffff:10.0.0.1")).toBe("10.0.0.1");
  expect(withoutMapping("fe80::1")).toBe("fe80::1");
});

test("host and port come apart and together again, IPv6 included", () => {
  for (const [host, port] of [
    ["10.0.0.1", 7001],
    ["::1", 7002],
    ["node.example", 7003],
  ] as const) {
    const text = formatAddress(host, port);
    expect(hostOf(text)).toBe(host);
    expect(portOf(text)).toBe(port);
  }
});

test("an address that means every address names none", () => {
  expect(["0.0.0.0", "::", "127.0.0.1", "::1"].map(isWildcard)).toEqual([true, true, false, false]);
});
