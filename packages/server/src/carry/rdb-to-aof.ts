/**
 * An RDB file as the commands that make its data out of nothing, in RESP: what redis-server loads as an append-only
 * file, `redis-check-aof` finds in order, and any client library could replay. Lost is only what no command says:
 * when a consumer of a stream was seen last.
 */

import { RdbReader } from "@redoubt/keyspace";
import { encodeRequest } from "@redoubt/resp";
import { fileBlockBytes } from "./constants.js";
import { type FileFacts, HashedFile } from "./hashed-file.js";
import { asCarryError, type Progress, Slices } from "./import-check.js";
import { commandsOf } from "./key-requests.js";
import { RdbFile } from "./rdb-file.js";

export interface WrittenAof {
  readonly keys: number;
  readonly facts: FileFacts;
}

/** `to` must not exist. Rejects with DAMAGED. */
export async function rdbToAof(
  from: string,
  to: string,
  bytesTotal: number,
  report: (progress: Progress) => void,
): Promise<WrittenAof> {
  const source = new RdbFile(from);
  const out = new BlockWriter(to);
  try {
    const reader = new RdbReader(source);
    const slices = new Slices();
    let keys = 0;
    out.write(encodeRequest(["SELECT", "0"]));
    for (let found = reader.next(); found !== "end"; found = reader.next()) {
      if (found === "function") {
        out.write(encodeRequest(["FUNCTION", "LOAD", latin1Bytes(reader.functionCode)]));
      }
      if (found !== "key") continue;
      const { key, deadlineMs } = reader;
      for (const argv of commandsOf(key, reader.value(), deadlineMs))
        out.write(encodeRequest(argv));
      keys += 1;
      if (await slices.yielded()) {
        report({ keys, keysTotal: null, bytes: reader.bytesRead, bytesTotal });
      }
    }
    return { keys, facts: out.finish() };
  } catch (error) {
    out.abandon();
    throw asCarryError(error, from);
  } finally {
    source.close();
  }
}

function latin1Bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** Many small requests are one system call. */
class BlockWriter {
  readonly #file: HashedFile;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.#file = new HashedFile(path);
  }

  write(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= fileBlockBytes) this.#flush();
  }

  finish(): FileFacts {
    this.#flush();
    return this.#file.finish();
  }

  abandon(): void {
    this.#file.abandon();
  }

  #flush(): void {
    this.#file.write(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#bytes = 0;
  }
}
