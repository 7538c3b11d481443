/*
 * Takes the power from mounted ext4 file systems: from now on nothing reaches their disk, and what was not
 * synced is gone when they are mounted again. Several at once, for machines that lose power together.
 *
 *   power-off MOUNT_POINT...
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* linux/fs.h has these only since Linux 6.10; the numbers are ext4's EXT4_IOC_SHUTDOWN. */
#define SHUTDOWN_REQUEST _IOR('X', 125, uint32_t)
/* The journal is not written first either. */
#define WITHOUT_FLUSH 2

int main(int count, char **arguments) {
  int files[64];
  if (count < 2 || count > 64) return 2;
  for (int at = 1; at < count; at++) {
    files[at] = open(arguments[at], O_RDONLY);
    if (files[at] < 0) {
      perror(arguments[at]);
      return 1;
    }
  }
  int failed = 0;
  for (int at = 1; at < count; at++) {
    uint32_t how = WITHOUT_FLUSH;
    if (ioctl(files[at], SHUTDOWN_REQUEST, &how) != 0) {
      perror(arguments[at]);
      failed = 1;
    }
  }
  return failed;
}
