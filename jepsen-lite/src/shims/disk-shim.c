/*
 * Preloaded into a server: what it asks of its disk fails, takes long, or is not done, as a control file
 * says. Only regular files below FAULT_DISK_DIRECTORY are concerned.
 *
 * FAULT_DISK_FILE names the control file, four 32-bit integers, shared with whoever writes it:
 *   sync_error      errno that every sync fails with; 0: none
 *   sync_lie        not 0: syncs say that they are done and do nothing
 *   sync_delay_ms   how much longer each sync takes
 *   write_error     errno that every write fails with; 0: none
 *
 * LevelDB writes its log by fwrite_unlocked and fflush_unlocked, whose system calls are made inside the C
 * library and can't be taken by replacing write(): so the stdio calls are here too. To be built with
 * -fno-builtin, or the compiler turns one of them into another.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control {
  volatile uint32_t sync_error, sync_lie, sync_delay_ms, write_error;
};

static const struct control *control;
static const char *directory;

__attribute__((constructor)) static void open_control(void) {
  const char *path = getenv("FAULT_DISK_FILE");
  directory = getenv("FAULT_DISK_DIRECTORY");
  if (path == NULL || directory == NULL) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) control = mapped;
  close(file);
}

static int is_concerned(int file) {
  struct stat status;
  char link[64], path[PATH_MAX];
  if (fstat(file, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t bytes = readlink(link, path, sizeof path - 1);
  if (bytes < 0) return 0;
  path[bytes] = '\0';
  return strncmp(path, directory, strlen(directory)) == 0;
}

static void pause_ms(uint32_t ms) {
  struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

/* 1: to be done; 0: not to be done, and said to be; -1: fails with errno. */
static int sync_verdict(int file) {
  const struct control *c = control;
  if (c == NULL || (c->sync_error | c->sync_lie | c->sync_delay_ms) == 0) return 1;
  if (!is_concerned(file)) return 1;
  if (c->sync_delay_ms != 0) pause_ms(c->sync_delay_ms);
  if (c->sync_error != 0) {
    errno = (int)c->sync_error;
    return -1;
  }
  return c->sync_lie == 0;
}

static int write_fails(int file) {
  if (control == NULL || control->write_error == 0 || !is_concerned(file)) return 0;
  errno = (int)control->write_error;
  return 1;
}

/* The function of that name behind this one; looked up once. Names in parentheses below are macros as well. */
#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define SYNC(name, parameters, arguments) \
  int name parameters { \
    REAL(name); \
    int verdict = sync_verdict(file); \
    return verdict == 1 ? real arguments : verdict; \
  }

SYNC(fsync, (int file), (file))
SYNC(fdatasync, (int file), (file))
SYNC(syncfs, (int file), (file))
SYNC(sync_file_range, (int file, off64_t offset, off64_t bytes, unsigned flags),
     (file, offset, bytes, flags))

#define WRITE(name, parameters, arguments) \
  ssize_t name parameters { \
    REAL(name); \
    return write_fails(file) ? -1 : real arguments; \
  }

WRITE(write, (int file, const void *data, size_t bytes), (file, data, bytes))
WRITE(pwrite, (int file, const void *data, size_t bytes, off_t at), (file, data, bytes, at))
WRITE(pwrite64, (int file, const void *data, size_t bytes, off64_t at), (file, data, bytes, at))
WRITE(writev, (int file, const struct iovec *parts, int count), (file, parts, count))
WRITE(pwritev, (int file, const struct iovec *parts, int count, off_t at),
      (file, parts, count, at))
WRITE(pwritev64, (int file, const struct iovec *parts, int count, off64_t at),
      (file, parts, count, at))

#define FWRITE(name) \
  size_t(name)(const void *restrict data, size_t size, size_t count, FILE *restrict stream) { \
    REAL(name); \
    return write_fails(fileno(stream)) ? 0 : real(data, size, count, stream); \
  }

FWRITE(fwrite)
FWRITE(fwrite_unlocked)

#define FFLUSH(name) \
  int(name)(FILE *stream) { \
    REAL(name); \
    return stream != NULL && write_fails(fileno(stream)) ? EOF : real(stream); \
  }

FFLUSH(fflush)
FFLUSH(fflush_unlocked)
