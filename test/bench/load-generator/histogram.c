#include "histogram.h"

static uint32_t bucket_of(uint64_t ns) {
  const uint64_t last = (UINT64_C(2) << HISTOGRAM_EXPONENT_LAST) - 1;
  if (ns > last) ns = last;
  int exponent = 63 - __builtin_clzll(ns | 1);
  int shift = exponent > HISTOGRAM_PRECISION ? exponent - HISTOGRAM_PRECISION : 0;
  return ((uint32_t)shift << HISTOGRAM_PRECISION) + (uint32_t)(ns >> shift);
}

static double middle_of(uint32_t bucket) {
  uint32_t shift = 0;
  if (bucket >= 2u << HISTOGRAM_PRECISION) shift = (bucket >> HISTOGRAM_PRECISION) - 1;
  uint64_t first = (uint64_t)(bucket - (shift << HISTOGRAM_PRECISION)) << shift;
  return (double)first + (double)((UINT64_C(1) << shift) - 1) / 2;
}

void histogram_add(struct histogram *histogram, uint64_t ns) {
  histogram->counts[bucket_of(ns)] += 1;
  histogram->total += 1;
  if (ns > histogram->max_ns) histogram->max_ns = ns;
}

double histogram_quantile(const struct histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)(share * (double)histogram->total);
  if (wanted >= histogram->total) wanted = histogram->total - 1;
  uint64_t passed = 0;
  for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    passed += histogram->counts[bucket];
    if (passed <= wanted) continue;
    double middle = middle_of(bucket);
    return middle < (double)histogram->max_ns ? middle : (double)histogram->max_ns;
  }
  return 0;
}
