/**
 * What FUNCTION DUMP gives and FUNCTION RESTORE takes: the records that libraries have in an RDB, one behind the other,
 * and the footer of every payload (payload.ts).
 */

import { libraryName } from "../library-name.js";
import { type PayloadLimits, PayloadReader } from "./payload-reader.js";
import { FOOTER_BYTES, PayloadWriter } from "./payload-writer.js";
import { opcode } from "./types.js";

export interface LibraryLimits extends PayloadLimits {
  readonly librariesMax: number;
}

export type LibrariesRead =
  /** Sources by name, in the payload's order. */
  | { readonly libraries: ReadonlyMap<string, string>; readonly fault: null }
  /** In Redis's words, without "ERR". */
  | { readonly libraries: null; readonly fault: string };

/** Null: it would have more than `bytesMax`. */
export function dumpLibraries(codes: Iterable<string>, bytesMax: number): Buffer | null {
  const writer = new PayloadWriter(bytesMax);
  for (const code of codes) {
    writer.byte(opcode.function);
    writer.string(code);
  }
  return writer.finish();
}

/** Of a payload whose footer is right. Redis: functions.c, functionRestoreCommand. */
export function readLibraries(payload: Buffer, limits: LibraryLimits): LibrariesRead {
  const reader = new PayloadReader(payload, payload.length - FOOTER_BYTES, limits);
  const libraries = new Map<string, string>();
  while (reader.left > 0) {
    const type = reader.byte();
    if (type === opcode.functionPreRelease) return fault("Pre-GA function format not supported");
    if (type !== opcode.function) return fault("given type is not a function");
    if (libraries.size === limits.librariesMax) return fault("there are too many libraries");
    const code = reader.text();
    if (reader.failure === "tooLarge") return fault("the library is too large");
    if (!reader.ok) return fault("Failed loading library payload");
    const found = libraryName(code);
    if (found.name === null) return fault(found.fault);
    if (libraries.has(found.name)) return fault(`Library '${found.name}' already exists`);
    libraries.set(found.name, code);
  }
  return { libraries, fault: null };
}

function fault(text: string): LibrariesRead {
  return { libraries: null, fault: text };
}
