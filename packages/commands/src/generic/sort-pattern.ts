/**
 * What BY and GET patterns of SORT mean for one element: "#" is the element, in "w:*" the first asterisk
 * becomes the element and the key's string is meant, in "h:*->f" a field of the key's hash.
 */

import { asHash, isStringValue, type StringValue } from "@redoubt/keyspace";
import type { CommandContext } from "../types.js";

export class SortPattern {
  private readonly isElement: boolean;
  /** Around the asterisk; null: there is none, so nothing is meant. */
  private readonly prefix: string | null;
  private readonly suffix: string = "";
  private readonly field: string | null = null;

  constructor(pattern: string) {
    this.isElement = pattern === "#";
    // Redis looks for the asterisk and the arrow in a C string: a NUL hides what is behind it.
    const nul = pattern.indexOf("\0");
    const shown = nul < 0 ? pattern : pattern.slice(0, nul);
    const asterisk = shown.indexOf("*");
    this.prefix = asterisk < 0 ? null : pattern.slice(0, asterisk);
    if (asterisk < 0) return;
    const arrow = shown.indexOf("->", asterisk + 1);
    const hasField = arrow >= 0 && arrow + 2 < shown.length;
    this.suffix = pattern.slice(asterisk + 1, hasField ? arrow : pattern.length);
    if (hasField) this.field = pattern.slice(arrow + 2);
  }

  /** Undefined: there is no such value. May delete an expired key. */
  lookUp(context: CommandContext, element: string): StringValue | undefined {
    if (this.isElement) return element;
    if (this.prefix === null) return undefined;
    const value = context.txn.get(this.prefix + element + this.suffix);
    if (value === undefined) return undefined;
    if (this.field !== null) return asHash(value)?.get(this.field);
    return isStringValue(value) ? value : undefined;
  }
}
