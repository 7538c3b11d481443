/** A message among the writes: it changes no state, and is nobody's before what was executed with it is committed. */

import { Buffer } from "node:buffer";
import { Inverse } from "./inverse.js";
import { BLOB_HEADER_BYTES, latin1Bytes } from "./memory.js";

/** Is handed the messages of what is committed, in order. `message` is the receiver's: nobody changes it again. */
export type Published = (channel: string, message: Uint8Array, sharded: boolean) => void;

/** The undo record of a message: taken back, it was never said. */
export class Publication extends Inverse {
  readonly channel: string;
  readonly message: Uint8Array;
  readonly sharded: boolean;
  readonly bytes: number;

  /** Copies the message: an argument lives as long as its turn, this until the commit and its readers'. */
  constructor(channel: string, message: Uint8Array, sharded: boolean) {
    super();
    this.channel = channel;
    this.message = Buffer.from(message);
    this.sharded = sharded;
    this.bytes = latin1Bytes(channel) + BLOB_HEADER_BYTES + message.length;
  }

  override play(): void {}

  protected override undo(): void {}
}
