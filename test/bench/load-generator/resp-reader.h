/*
 * Counts the RESP2 replies in a stream of bytes that may be cut anywhere. Nothing is kept of them: a bulk string
 * is skipped, and of nested arrays all that matters is how many values are still to come.
 */
#ifndef RESP_READER_H
#define RESP_READER_H

#include <stddef.h>
#include <stdint.h>

#include "tally.h"

enum resp_state {
  RESP_TYPE,
  RESP_LINE,   /* of + - : */
  RESP_NUMBER, /* of $ * */
  RESP_LINE_END,
  RESP_BULK,
  RESP_BULK_CR,
  RESP_BULK_LF,
};

/* All zero: before a reply. */
struct resp_reader {
  enum resp_state state;
  unsigned char type;
  int is_negative;
  /* Of the line of a $ or *. */
  uint64_t number;
  /* Bytes of the bulk string still to come. */
  uint64_t bulk_left;
  /* Values that the reply under way still needs, the one being read included; 0: none is under way. */
  uint64_t values_left;
};

/* Returns 0 when the bytes are no RESP2. */
int resp_read(struct resp_reader *reader, const unsigned char *bytes, size_t count,
              struct tally *tally);

#endif
