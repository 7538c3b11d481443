import { expect, test } from "vitest";
import { decodeManifest, encodeManifest, type Manifest, manifestDigest } from "./manifest.js";

const file = { name: "log.entries", bytes: 10, sha256: "ab" };
const manifest: Manifest = {
  clusterId: "c",
  nodeId: 2,
  createdAt: "2026-01-01T00:00:00.000Z",
  version: "0.1.0",
  base: null,
  snapshot: null,
  log: {
    ...file,
    anchorIndex: 0,
    anchorChecksum: 0,
    lastIndex: 9,
    lastChecksum: 5,
    lastTerm: 2,
    firstLogTimeMs: 1,
    lastLogTimeMs: 2,
  },
};

test("a manifest comes back, and an increment knows it again", () => {
  const decoded = decodeManifest(encodeManifest(manifest), "m");
  expect(decoded).toEqual(manifest);
  expect(manifestDigest(decoded)).toBe(manifestDigest(manifest));
  expect(manifestDigest({ ...manifest, nodeId: 3 })).not.toBe(manifestDigest(manifest));
});

test("a change of any byte is found, blanks included; a later format says so", () => {
  const text = encodeManifest(manifest);
  for (let at = 0; at < text.length; at++) {
    const changed = `${text.slice(0, at)}${text[at] === "1" ? "2" : "1"}${text.slice(at + 1)}`;
    expect(() => decodeManifest(changed, "m")).toThrow(/not as it was written|format/);
  }
  expect(() => decodeManifest(`${text} `, "m")).toThrow("not as it was written");
  const later = text.replace('"format": 1', '"format": 2');
  expect(() => decodeManifest(later, "m")).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED" }),
  );
});
