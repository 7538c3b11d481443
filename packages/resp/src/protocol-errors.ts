/** Client errors of the decoder, in Redis's exact words. None is thrown. */
const prefix = "ERR Protocol error: ";

export const protocolErrors = {
  multibulkLength: `${prefix}invalid multibulk length`,
  bulkLength: `${prefix}invalid bulk length`,
  unauthenticatedMultibulkLength: `${prefix}unauthenticated multibulk length`,
  unauthenticatedBulkLength: `${prefix}unauthenticated bulk length`,
  multibulkHeaderTooBig: `${prefix}too big mbulk count string`,
  bulkHeaderTooBig: `${prefix}too big bulk count string`,
  inlineTooBig: `${prefix}too big inline request`,
  unbalancedQuotes: `${prefix}unbalanced quotes in request`,
  /** Differs from Redis: it skips the two bytes behind a bulk unseen, whatever they are. */
  bulkEnd: `${prefix}expected CRLF after bulk`,
  /** Not in Redis: memory for the request cannot be had, or the parser refused what was checked. */
  refused: `${prefix}request refused`,
} as const;

/** `byte` is what came in place of '$'. A CR or LF would break the reply line, so it is a space, as in Redis. */
export function expectedBulk(byte: number): string {
  const got = byte === 0x0d || byte === 0x0a ? " " : String.fromCharCode(byte);
  return `${prefix}expected '$', got '${got}'`;
}
