/*
 * Unary gRPC calls over HTTP/2 without TLS (RFC 9113; HPACK: RFC 7541), one at a time on a connection.
 *
 *   out   the preface, then for each call HEADERS and DATA, both made once: only the stream's number and what
 *         is random in the message differ. From the second call on the headers are those of the first, by index.
 *   in    a call is answered when its stream ends. Servers send a message before that only if the call
 *         succeeded: none is an error. Header blocks are skipped, so that an error has no text.
 */
#ifndef GRPC_H
#define GRPC_H

#include <stddef.h>
#include <stdint.h>

#include "tally.h"

enum {
  GRPC_REQUEST_BYTES_MAX = 8192,
  /* Answers to SETTINGS and PING that may wait for one write: 100 of them. */
  GRPC_CONTROL_BYTES_MAX = 1700,
  HTTP2_FRAME_HEAD_BYTES = 9,
};

/* The bytes of a call, the first on a connection or a later one. */
struct grpc_request {
  unsigned char bytes[GRPC_REQUEST_BYTES_MAX];
  size_t count;
  /* Where the message begins. */
  size_t message_at;
  /* Where the DATA frame begins. */
  size_t data_at;
};

/* All zero: a new connection. */
struct grpc_connection {
  uint32_t last_stream;
  /* Bytes of DATA the server has room for, the first 65 535 not counted. */
  int64_t room_change;
  /* The frame under way. */
  unsigned char head[HTTP2_FRAME_HEAD_BYTES];
  uint32_t head_bytes;
  uint32_t payload_bytes, payload_seen;
  /* Its first bytes. */
  unsigned char payload[8];
  int has_message;
  unsigned char control[GRPC_CONTROL_BYTES_MAX];
  size_t control_bytes;
};

/* 0: too long for one frame. */
int grpc_make_request(struct grpc_request *request, int is_first, const char *path,
                      const unsigned char *message, size_t count);

/* Writes the number of the next stream into the request's bytes at `to`. 0: the server has no room for it. */
int grpc_next_call(struct grpc_connection *connection, const struct grpc_request *request,
                   unsigned char *to);

/* What a client says first; returns how many bytes. */
size_t grpc_preface(unsigned char *to);

/* Returns 0 when the connection can't go on. `control` then holds what is to be sent before anything else. */
int grpc_read(struct grpc_connection *connection, const unsigned char *bytes, size_t count,
              struct tally *tally);

#endif
