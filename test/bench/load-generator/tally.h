/* What was found in what servers sent: replies, and what makes a measurement void. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

enum { FIRST_ERROR_BYTES_MAX = 160 };

struct tally {
  /* Whole ones. An array is one reply, whatever it holds. */
  uint64_t replies;
  /* Errors at any depth. */
  uint64_t errors;
  /* Nulls at any depth: what was asked for was not there. */
  uint64_t nulls;
  char first_error[FIRST_ERROR_BYTES_MAX];
  size_t first_error_bytes;
};

/* More of the first error's text; what does not fit is dropped. */
static inline void tally_error_text(struct tally *tally, const void *bytes, size_t count) {
  const unsigned char *from = bytes;
  for (size_t i = 0; i < count && tally->first_error_bytes < FIRST_ERROR_BYTES_MAX; i++) {
    /* It becomes a JSON string as it is. */
    int is_plain = from[i] >= ' ' && from[i] < 127 && from[i] != '"' && from[i] != '\\';
    tally->first_error[tally->first_error_bytes++] = is_plain ? (char)from[i] : '?';
  }
}

#endif
