/** Names a client gives itself appear in CLIENT LIST, whose fields are separated by spaces. */

export const invalidName =
  "ERR Client names cannot contain spaces, newlines or special characters.";

/** Redis: networking.c, validateClientAttr. */
export function nameIsValid(name: string): boolean {
  return /^[!-~]*$/.test(name);
}
