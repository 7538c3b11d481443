/** Backups made by hand. Those of clusters, and every kind of damage to them: test/cluster/backup.test.ts. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchWriter } from "@redoubt/keyspace";
import {
  bootstrapEntries,
  type Configuration,
  EntryKind,
  encodeConfiguration,
  entryChecksum,
} from "@redoubt/raft";
import { buildSnapshot } from "@redoubt/replica";
import { afterAll, expect, test } from "vitest";
import { base64Of, checkBackup } from "./check-backup.js";
import { EntryFileWriter } from "./entry-file.js";
import { HashedFile } from "./hashed-file.js";
import { encodeManifest, entriesName, manifestName, snapshotName } from "./manifest.js";

const root = mkdtempSync(join(tmpdir(), "redoubt-check-backup-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function configurationOf(clusterId: string, peerAddress = "h:1"): Configuration {
  const voters = [{ id: 1, incarnation: 1, peerAddress }];
  return { clusterId, voters, votersOutgoing: [], learners: [] };
}

/** Of a node of cluster `clusterId` whose snapshot's file was written by `inFile`, and is recorded as of `recorded`. */
function backupOf(clusterId: string, inFile: Configuration, recorded: Configuration): string {
  const directory = mkdtempSync(join(root, "backup-"));
  const entries = bootstrapEntries(inFile);
  const first = entries.at(-1)!;
  const batch = new BatchWriter();
  batch.putString("k", "v", 0);
  const payload = batch.take(1_000);
  const { index, term } = { index: first.index + 1, term: first.term };
  const checksum = entryChecksum(index, term, EntryKind.batch, first.checksum, payload);
  entries.push({ index, term, kind: EntryKind.batch, checksum, payload });
  const sink = new HashedFile(join(directory, snapshotName));
  const built = buildSnapshot({ previous: null, entries: () => entries, to: index }, sink);
  const { bytes, sha256, crc32 } = sink.finish();
  const log = new EntryFileWriter(join(directory, entriesName), { index, checksum }).finish();
  const text = encodeManifest({
    ...{ clusterId, nodeId: 1, createdAt: "2026-01-01T00:00:00.000Z", version: "0", base: null },
    snapshot: {
      ...{ name: snapshotName, bytes, sha256, crc32, index, term, checksum },
      configurationIndex: built.configuration.index,
      configuration: base64Of(encodeConfiguration(recorded)),
      logTimeMs: built.logTimeMs,
    },
    log: {
      ...{ name: entriesName, bytes: log.bytes, sha256: log.sha256 },
      ...{ anchorIndex: index, anchorChecksum: checksum, lastIndex: index, lastChecksum: checksum },
      ...{ lastTerm: 0, firstLogTimeMs: 0, lastLogTimeMs: 0 },
    },
  });
  writeFileSync(join(directory, manifestName), text);
  return directory;
}

test("a backup of a recovered cluster is whole, though its snapshot's file names the old members", async () => {
  const recovered = configurationOf("new", "h:2");
  const checked = await checkBackup(backupOf("new", configurationOf("old"), recovered));
  expect(checked.snapshot?.configuration.configuration).toEqual(recovered);
});

test("a snapshot of the cluster itself names the members that the manifest says", async () => {
  const own = configurationOf("own");
  const checked = await checkBackup(backupOf("own", own, own));
  expect(checked.snapshot?.configuration.configuration).toEqual(own);
  const other = backupOf("own", own, configurationOf("own", "h:9"));
  await expect(checkBackup(other)).rejects.toEqual(expect.objectContaining({ code: "DAMAGED" }));
});
