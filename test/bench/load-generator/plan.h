/* What is to be sent, to whom and for how long: options by command line, bytes by standard input. */
#ifndef PLAN_H
#define PLAN_H

#include <stddef.h>
#include <stdint.h>

enum {
  PORTS_MAX = 16,
  OPERATIONS_MAX = 8,
  NUMBERS_MAX = 64,
  /* Digits of every random number, leading zeros included. */
  NUMBER_DIGITS = 12,
  CONNECTIONS_MAX = 10000,
  PIPELINE_MAX = 1024,
};

struct random_number {
  /* Of the first digit. */
  size_t offset;
  /* It is below this; at least 1. */
  uint64_t range;
};

struct operation {
  unsigned char *bytes;
  size_t count;
  /* Replies it is answered by; it has ended when all have come. */
  uint32_t replies;
  /* Its part of all operations is its weight among all weights. */
  uint32_t weight;
  struct random_number numbers[NUMBERS_MAX];
  size_t numbers_count;
};

struct plan {
  uint16_t ports[PORTS_MAX];
  size_t ports_count;
  uint32_t connections;
  uint32_t pipeline;
  int64_t warmup_ns, measured_ns;
  uint64_t seed;
  /* Path of a gRPC method; NULL: RESP. */
  const char *grpc_path;
  /* Sent once on every connection before the first operation; no bytes: nothing is. */
  struct operation preamble;
  struct operation operations[OPERATIONS_MAX];
  size_t operations_count;
  uint32_t weights;
};

/* Ends the process with code 2 and a line when something is wrong with them. */
void plan_read(struct plan *plan, int argc, char **argv);

/* The bytes at `to` are a copy of the operation's, whose random numbers are drawn anew. */
void operation_draw(const struct operation *operation, unsigned char *to, uint64_t *random_state);

/* One of the operations, by weight. */
const struct operation *plan_draw(const struct plan *plan, uint64_t *random_state);

#endif
