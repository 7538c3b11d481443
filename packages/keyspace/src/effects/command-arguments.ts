/** Arguments of the Redis commands that effects are told as. */

import { Buffer } from "node:buffer";
import { doubleText } from "../double-text.js";
import { type StringValue, stringBytes } from "../value.js";

export type Argument = Buffer;

export function latin1Argument(text: string): Argument {
  return Buffer.from(text, "latin1");
}

export function integerArgument(value: number): Argument {
  return Buffer.from(String(value), "latin1");
}

/** A view of a Blob, a copy of a small string. */
export function valueArgument(value: StringValue): Argument {
  const bytes = stringBytes(value);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Such that reading it gives the same double. */
export function doubleArgument(value: number): Argument {
  return latin1Argument(doubleText(value));
}
