/**
 * The loop that every figure is compared with: a text is looked up in a Map, and a number is read from a buffer where
 * the Map says. It stays as it is: ratios of different months are comparable only as long as it does.
 */

import { flatTexts, type Operation } from "./question.js";

/** Keys of 16 characters, and words of the buffer: both fit a second-level cache. */
const KEYS = 1024;
const WORD_BYTES = 4;
/** No divisor in common with KEYS: keys come in no order, each once a pass. */
const STRIDE = 389;

export function prepareReference(): Operation {
  const keys = flatTexts("key:", KEYS, 16);
  const offsets = new Map(keys.map((key, i) => [key, ((i * STRIDE) % KEYS) * WORD_BYTES]));
  const buffer = Buffer.alloc(KEYS * WORD_BYTES);
  for (let i = 0; i < KEYS; i++) buffer.writeUInt32LE((i * STRIDE) % KEYS, i * WORD_BYTES);
  let at = 0;
  return () => {
    let looked = 0;
    for (; looked < KEYS; looked++) {
      at = buffer.readUInt32LE(offsets.get(keys[(at + looked) % KEYS]!)!);
    }
    return looked;
  };
}
