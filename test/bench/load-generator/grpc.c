#include "grpc.h"

#include <string.h>

enum {
  DATA = 0,
  HEADERS = 1,
  RST_STREAM = 3,
  SETTINGS = 4,
  PING = 6,
  GOAWAY = 7,
  WINDOW_UPDATE = 8,

  END_STREAM = 1,
  ACK = 1,
  END_HEADERS = 4,

  GRPC_PREFIX_BYTES = 5,
  /* A string of HPACK whose length is one byte. */
  TEXT_BYTES_MAX = 126,
};

/* What the server may send of DATA: as much as HTTP/2 lets us promise. */
static const uint32_t WINDOW_BYTES = 0x3fffffff;
static const int64_t FIRST_ROOM_BYTES = 65535;

static unsigned char *put_number(unsigned char *to, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) *to++ = (unsigned char)(number >> shift);
  return to;
}

static uint32_t number_at(const unsigned char *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static unsigned char *put_head(unsigned char *to, size_t payload_bytes, int type, int flags,
                               uint32_t stream) {
  put_number(to, (uint32_t)payload_bytes << 8);
  to[3] = (unsigned char)type;
  to[4] = (unsigned char)flags;
  return put_number(to + 5, stream);
}

static unsigned char *put_text(unsigned char *to, const char *text) {
  size_t count = strlen(text);
  *to++ = (unsigned char)count;
  memcpy(to, text, count);
  return to + count;
}

/* Behind it the dynamic table has te (62), content-type (63), :authority (64), :path (65). */
static unsigned char *put_first_headers(unsigned char *to, const char *path) {
  *to++ = 0x83; /* :method POST */
  *to++ = 0x86; /* :scheme http */
  *to++ = 0x44; /* :path, kept */
  to = put_text(to, path);
  *to++ = 0x41; /* :authority, kept */
  to = put_text(to, "127.0.0.1");
  *to++ = 0x5f; /* content-type, kept */
  to = put_text(to, "application/grpc");
  *to++ = 0x40; /* a new name, kept */
  to = put_text(to, "te");
  return put_text(to, "trailers");
}

static unsigned char *put_later_headers(unsigned char *to) {
  static const unsigned char indexed[] = {0x83, 0x86, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62};
  memcpy(to, indexed, sizeof indexed);
  return to + sizeof indexed;
}

int grpc_make_request(struct grpc_request *request, int is_first, const char *path,
                      const unsigned char *message, size_t count) {
  if (strlen(path) > TEXT_BYTES_MAX || count + 1024 > GRPC_REQUEST_BYTES_MAX) return 0;
  unsigned char *block = request->bytes + HTTP2_FRAME_HEAD_BYTES;
  unsigned char *to = is_first ? put_first_headers(block, path) : put_later_headers(block);
  put_head(request->bytes, (size_t)(to - block), HEADERS, END_HEADERS, 0);
  request->data_at = (size_t)(to - request->bytes);
  to = put_head(to, GRPC_PREFIX_BYTES + count, DATA, END_STREAM, 0);
  *to++ = 0; /* not compressed */
  to = put_number(to, (uint32_t)count);
  request->message_at = (size_t)(to - request->bytes);
  memcpy(to, message, count);
  request->count = request->message_at + count;
  return 1;
}

int grpc_next_call(struct grpc_connection *connection, const struct grpc_request *request,
                   unsigned char *to) {
  int64_t data_bytes =
      (int64_t)(request->count - request->data_at) - HTTP2_FRAME_HEAD_BYTES;
  if (FIRST_ROOM_BYTES + connection->room_change < data_bytes) return 0;
  connection->room_change -= data_bytes;
  connection->last_stream = connection->last_stream == 0 ? 1 : connection->last_stream + 2;
  connection->has_message = 0;
  put_number(to + 5, connection->last_stream);
  put_number(to + request->data_at + 5, connection->last_stream);
  return 1;
}

size_t grpc_preface(unsigned char *to) {
  static const char magic[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  unsigned char *at = to;
  memcpy(at, magic, sizeof magic - 1);
  at += sizeof magic - 1;
  at = put_head(at, 6, SETTINGS, 0, 0);
  *at++ = 0;
  *at++ = 4; /* INITIAL_WINDOW_SIZE, of a stream */
  at = put_number(at, WINDOW_BYTES);
  at = put_head(at, 4, WINDOW_UPDATE, 0, 0);
  at = put_number(at, WINDOW_BYTES);
  return (size_t)(at - to);
}

static int answer(struct grpc_connection *connection, int type) {
  size_t payload_bytes = type == PING ? sizeof connection->payload : 0;
  if (connection->control_bytes + HTTP2_FRAME_HEAD_BYTES + payload_bytes > GRPC_CONTROL_BYTES_MAX)
    return 0;
  unsigned char *to = connection->control + connection->control_bytes;
  to = put_head(to, payload_bytes, type, ACK, 0);
  memcpy(to, connection->payload, payload_bytes);
  connection->control_bytes += HTTP2_FRAME_HEAD_BYTES + payload_bytes;
  return 1;
}

static void call_ended(struct grpc_connection *connection, struct tally *tally) {
  if (!connection->has_message) {
    if (tally->errors == 0) tally_error_text(tally, "a call without an answer", 24);
    tally->errors += 1;
  }
  tally->replies += 1;
}

static int frame_ended(struct grpc_connection *connection, struct tally *tally) {
  int type = connection->head[3], flags = connection->head[4];
  uint32_t stream = number_at(connection->head + 5) & 0x7fffffff;
  int is_ours = stream != 0 && stream == connection->last_stream;
  switch (type) {
  case DATA:
    if (is_ours && connection->payload_bytes > GRPC_PREFIX_BYTES) connection->has_message = 1;
    break;
  case RST_STREAM:
    if (!is_ours) return 1;
    connection->has_message = 0;
    call_ended(connection, tally);
    return 1;
  case SETTINGS:
    return (flags & ACK) != 0 || answer(connection, SETTINGS);
  case PING:
    return (flags & ACK) != 0 || answer(connection, PING);
  case GOAWAY:
    return 0;
  case WINDOW_UPDATE:
    if (stream == 0) connection->room_change += number_at(connection->payload) & 0x7fffffff;
    return 1;
  }
  if (is_ours && (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0)
    call_ended(connection, tally);
  return 1;
}

int grpc_read(struct grpc_connection *connection, const unsigned char *bytes, size_t count,
              struct tally *tally) {
  for (size_t at = 0; at < count;) {
    if (connection->head_bytes < HTTP2_FRAME_HEAD_BYTES) {
      connection->head[connection->head_bytes++] = bytes[at++];
      if (connection->head_bytes < HTTP2_FRAME_HEAD_BYTES) continue;
      connection->payload_bytes = number_at(connection->head) >> 8;
      connection->payload_seen = 0;
    }
    uint32_t left = connection->payload_bytes - connection->payload_seen;
    uint32_t taken = count - at < left ? (uint32_t)(count - at) : left;
    for (uint32_t i = 0; i < taken && connection->payload_seen + i < sizeof connection->payload; i++)
      connection->payload[connection->payload_seen + i] = bytes[at + i];
    connection->payload_seen += taken;
    at += taken;
    if (connection->payload_seen < connection->payload_bytes) continue;
    connection->head_bytes = 0;
    if (!frame_ended(connection, tally)) return 0;
  }
  return 1;
}
