/** The name of a module's type in its 64 bits (Redis's module.c): nine characters of six bits, a version of ten. */

const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NAME_LENGTH = 9;
const VERSION_BITS = 10n;

export function moduleName(id: bigint): string {
  let name = "";
  for (let i = NAME_LENGTH - 1; i >= 0; i--) {
    name += CHARACTERS[Number((id >> (VERSION_BITS + 6n * BigInt(i))) & 63n)];
  }
  return name;
}
