#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of one operation: those of a thousand connections take a GiB. */
static const size_t OPERATION_BYTES_MAX = 1024 * 1024;
static const int64_t MS = 1000000;

static void refuse(const char *what) {
  fprintf(stderr, "load-generator: %s\n", what);
  exit(2);
}

static uint64_t number_in(const char *text, uint64_t least, uint64_t most, const char *name) {
  char *end;
  errno = 0;
  uint64_t number = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != 0 || number < least || number > most) refuse(name);
  return number;
}

static void read_ports(struct plan *plan, char *text) {
  for (char *port = strtok(text, ","); port != NULL; port = strtok(NULL, ",")) {
    if (plan->ports_count == PORTS_MAX) refuse("too many ports");
    plan->ports[plan->ports_count++] = (uint16_t)number_in(port, 1, 65535, "--ports");
  }
}

static void read_option(struct plan *plan, const char *name, char *value) {
  const uint64_t hour_ms = 3600000;
  if (strcmp(name, "--ports") == 0) read_ports(plan, value);
  else if (strcmp(name, "--connections") == 0)
    plan->connections = (uint32_t)number_in(value, 1, CONNECTIONS_MAX, name);
  else if (strcmp(name, "--pipeline") == 0)
    plan->pipeline = (uint32_t)number_in(value, 1, PIPELINE_MAX, name);
  else if (strcmp(name, "--warmup-ms") == 0)
    plan->warmup_ns = (int64_t)number_in(value, 0, hour_ms, name) * MS;
  else if (strcmp(name, "--measured-ms") == 0)
    plan->measured_ns = (int64_t)number_in(value, 1, hour_ms, name) * MS;
  else if (strcmp(name, "--seed") == 0) plan->seed = number_in(value, 1, UINT32_MAX, name);
  else if (strcmp(name, "--grpc") == 0) plan->grpc_path = value;
  else refuse(name);
}

/* `count` bytes of standard input, with a zero behind them. */
static unsigned char *read_bytes(size_t count) {
  unsigned char *bytes = malloc(count + 1);
  if (bytes == NULL) refuse("no memory");
  if (fread(bytes, 1, count, stdin) != count) refuse("standard input ends within an operation");
  bytes[count] = 0;
  return bytes;
}

static void read_numbers(struct operation *operation) {
  for (size_t i = 0; i < operation->numbers_count; i++) {
    struct random_number *number = &operation->numbers[i];
    if (scanf("number %zu %" SCNu64 "%*1[\n]", &number->offset, &number->range) != 2)
      refuse("no line: number OFFSET RANGE");
    if (number->range == 0 || number->offset + NUMBER_DIGITS > operation->count)
      refuse("a number that is not within its operation");
  }
}

static void read_operations(struct plan *plan) {
  char kind[16];
  struct operation next = {0};
  while (scanf("%15s %" SCNu32 " %" SCNu32 " %zu %zu%*1[\n]", kind, &next.weight, &next.replies,
               &next.count, &next.numbers_count) == 5) {
    if (next.weight == 0 || next.replies == 0 || next.numbers_count > NUMBERS_MAX ||
        next.count == 0 || next.count > OPERATION_BYTES_MAX)
      refuse("an operation beyond its limits");
    read_numbers(&next);
    next.bytes = read_bytes(next.count);
    if (strcmp(kind, "preamble") == 0) {
      plan->preamble = next;
    } else if (strcmp(kind, "operation") == 0 && plan->operations_count < OPERATIONS_MAX) {
      plan->weights += next.weight;
      plan->operations[plan->operations_count++] = next;
    } else {
      refuse("neither preamble nor operation, or too many");
    }
  }
  if (!feof(stdin) || plan->operations_count == 0) refuse("no line: operation WEIGHT REPLIES ...");
}

void plan_read(struct plan *plan, int argc, char **argv) {
  if (argc % 2 == 0) refuse("an option without its value");
  plan->connections = 1;
  plan->pipeline = 1;
  plan->seed = 1;
  for (int i = 1; i < argc; i += 2) read_option(plan, argv[i], argv[i + 1]);
  if (plan->ports_count == 0 || plan->measured_ns == 0) refuse("--ports and --measured-ms are needed");
  read_operations(plan);
  if (plan->grpc_path != NULL && (plan->pipeline != 1 || plan->operations_count != 1))
    refuse("--grpc takes one operation, and no pipeline");
}

/* xorshift64*. The high bits are the good ones. */
static uint64_t random_below(uint64_t range, uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  uint64_t drawn = *state * UINT64_C(2685821657736338717);
  return (uint64_t)(((unsigned __int128)drawn * range) >> 64);
}

void operation_draw(const struct operation *operation, unsigned char *to, uint64_t *random_state) {
  for (size_t i = 0; i < operation->numbers_count; i++) {
    uint64_t number = random_below(operation->numbers[i].range, random_state);
    unsigned char *digit = to + operation->numbers[i].offset + NUMBER_DIGITS;
    for (int left = NUMBER_DIGITS; left > 0; left--) {
      *--digit = (unsigned char)('0' + number % 10);
      number /= 10;
    }
  }
}

const struct operation *plan_draw(const struct plan *plan, uint64_t *random_state) {
  const struct operation *operation = plan->operations;
  if (plan->operations_count == 1) return operation;
  uint64_t place = random_below(plan->weights, random_state);
  while (place >= operation->weight) place -= operation++->weight;
  return operation;
}
