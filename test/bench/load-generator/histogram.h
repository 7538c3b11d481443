/*
 * Counts of latencies: buckets as wide as 1/128 of what they hold, from 1 ns to 18 minutes. What is told of a
 * bucket is its middle, so a quantile is wrong by less than 0.5 %.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum {
  /* Buckets for each doubling, as a power of two. */
  HISTOGRAM_PRECISION = 7,
  HISTOGRAM_EXPONENT_LAST = 39,
  HISTOGRAM_BUCKETS = (HISTOGRAM_EXPONENT_LAST - HISTOGRAM_PRECISION + 2) << HISTOGRAM_PRECISION,
};

struct histogram {
  uint64_t counts[HISTOGRAM_BUCKETS];
  uint64_t total;
  uint64_t max_ns;
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* Nanoseconds that `share` (0 to 1) of all stayed within; 0 when there are none. */
double histogram_quantile(const struct histogram *histogram, double share);

#endif
