/** AES-256-GCM in one call each way (NIST SP 800-38D). Who calls sees to it that no nonce is used twice with a key. */

import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { CIPHER_NONCE_BYTES, CIPHER_TAG_BYTES } from "../constants.js";

const ALGORITHM = "aes-256-gcm";
const OPTIONS = { authTagLength: CIPHER_TAG_BYTES };

/** Writes ciphertext and tag into `target` from `at` on. `bound` is not in it, but must be the same to open it. */
export function sealInto(
  target: Buffer,
  at: number,
  key: KeyObject,
  nonce: Uint8Array,
  bound: Uint8Array,
  plain: Uint8Array,
): void {
  const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS);
  cipher.setAAD(bound);
  const text = cipher.update(plain);
  cipher.final();
  target.set(text, at);
  target.set(cipher.getAuthTag(), at + text.length);
}

/** `sealed`: ciphertext and tag. Null: it was not sealed with this key, nonce and `bound`, or has changed. */
export function openSealed(
  key: KeyObject,
  nonce: Uint8Array,
  bound: Uint8Array,
  sealed: Uint8Array,
): Buffer | null {
  const end = sealed.length - CIPHER_TAG_BYTES;
  if (end < 0 || nonce.length !== CIPHER_NONCE_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS);
  decipher.setAAD(bound);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    // The only thing it says: the tag is another one.
    return null;
  }
  return plain;
}
