/*
 * Preloaded into a server: its wall clock is off by what a control file says. The monotonic clocks are the
 * kernel's, untouched: timers go on, only dates are wrong, as on a machine whose clock was set.
 *
 * FAULT_CLOCK_FILE names the control file, three 64-bit integers, shared with whoever writes it:
 *   offset     nanoseconds added
 *   ppm        microseconds a second by which it runs fast (negative: slow)
 *   since      reading of CLOCK_MONOTONIC, in nanoseconds, from which on it does
 * A writer sets `since` before `ppm`, so that no reader sees a drift without its beginning.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
  volatile int64_t offset_ns, ppm, since_ns;
};

static const struct control *control;

__attribute__((constructor)) static void open_control(void) {
  const char *path = getenv("FAULT_CLOCK_FILE");
  if (path == NULL) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) control = mapped;
  close(file);
}

static int64_t kernel_ns(clockid_t clock) {
  struct timespec now;
  syscall(SYS_clock_gettime, clock, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t wall_ns(clockid_t clock) {
  int64_t now = kernel_ns(clock);
  if (control == NULL) return now;
  int64_t ppm = control->ppm;
  if (ppm != 0) now += (kernel_ns(CLOCK_MONOTONIC) - control->since_ns) / 1000000 * ppm;
  return now + control->offset_ns;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return (int)syscall(SYS_clock_gettime, clock, time);
  }
  int64_t now = wall_ns(clock);
  time->tv_sec = now / 1000000000;
  time->tv_nsec = now % 1000000000;
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  int64_t now = wall_ns(CLOCK_REALTIME);
  time->tv_sec = now / 1000000000;
  time->tv_usec = now % 1000000000 / 1000;
  return 0;
}

time_t time(time_t *result) {
  time_t now = wall_ns(CLOCK_REALTIME) / 1000000000;
  if (result != NULL) *result = now;
  return now;
}

int timespec_get(struct timespec *time, int base) {
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, time);
  return base;
}
