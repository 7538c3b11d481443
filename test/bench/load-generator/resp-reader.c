#include "resp-reader.h"

#include <string.h>

/* As many as Redis takes in a length. */
static const uint64_t NUMBER_MAX = UINT64_C(1) << 32;

static void value_ended(struct resp_reader *reader, struct tally *tally) {
  reader->state = RESP_TYPE;
  reader->values_left -= 1;
  if (reader->values_left == 0) tally->replies += 1;
}

/* Behind the line of a $ or *. */
static void length_known(struct resp_reader *reader, struct tally *tally) {
  if (reader->is_negative) {
    tally->nulls += 1;
    value_ended(reader, tally);
  } else if (reader->type == '$') {
    reader->bulk_left = reader->number;
    reader->state = reader->bulk_left == 0 ? RESP_BULK_CR : RESP_BULK;
  } else {
    reader->values_left += reader->number;
    value_ended(reader, tally);
  }
}

static int type_known(struct resp_reader *reader, unsigned char type, struct tally *tally) {
  if (reader->values_left == 0) reader->values_left = 1;
  reader->type = type;
  reader->number = 0;
  reader->is_negative = 0;
  if (type == '-') tally->errors += 1;
  if (type == '+' || type == '-' || type == ':') reader->state = RESP_LINE;
  else if (type == '$' || type == '*') reader->state = RESP_NUMBER;
  else return 0;
  return 1;
}

static int number_byte(struct resp_reader *reader, unsigned char byte) {
  if (byte == '\r') reader->state = RESP_LINE_END;
  else if (byte == '-') reader->is_negative = 1;
  else if (byte >= '0' && byte <= '9') reader->number = reader->number * 10 + (byte - '0');
  else return 0;
  return reader->number <= NUMBER_MAX;
}

static size_t line_bytes(struct resp_reader *reader, const unsigned char *bytes, size_t count,
                         struct tally *tally) {
  const unsigned char *end = memchr(bytes, '\r', count);
  size_t taken = end == NULL ? count : (size_t)(end - bytes);
  if (reader->type == '-' && tally->errors == 1) tally_error_text(tally, bytes, taken);
  if (end == NULL) return taken;
  reader->state = RESP_LINE_END;
  return taken + 1;
}

int resp_read(struct resp_reader *reader, const unsigned char *bytes, size_t count,
              struct tally *tally) {
  size_t at = 0;
  while (at < count) {
    switch (reader->state) {
    case RESP_TYPE:
      if (!type_known(reader, bytes[at++], tally)) return 0;
      break;
    case RESP_LINE:
      at += line_bytes(reader, bytes + at, count - at, tally);
      break;
    case RESP_NUMBER:
      if (!number_byte(reader, bytes[at++])) return 0;
      break;
    case RESP_LINE_END:
      if (bytes[at++] != '\n') return 0;
      if (reader->type == '$' || reader->type == '*') length_known(reader, tally);
      else value_ended(reader, tally);
      break;
    case RESP_BULK: {
      uint64_t skipped = count - at < reader->bulk_left ? count - at : reader->bulk_left;
      at += skipped;
      reader->bulk_left -= skipped;
      if (reader->bulk_left == 0) reader->state = RESP_BULK_CR;
      break;
    }
    case RESP_BULK_CR:
      if (bytes[at++] != '\r') return 0;
      reader->state = RESP_BULK_LF;
      break;
    case RESP_BULK_LF:
      if (bytes[at++] != '\n') return 0;
      value_ended(reader, tally);
      break;
    }
  }
  return 1;
}
