/*
 * The network between nodes as a program: one TUN device in each node's network namespace, and between
 * every two of them a directed link that can be cut, lossy, slow, narrow, doubling or out of order. The
 * kernel needs no traffic control for it.
 *
 *   packet-switch SEED NETNS_FILE...     prints "ready" when node i's device `peers` exists in the i-th
 *
 * Addresses: the last byte of an IPv4 destination is the node's number, from 1. Whatever else arrives is
 * dropped. Commands come by standard input, one a line; its end ends the program, and with it the devices:
 *
 *   rule FROM TO CUT LOSS DUPLICATE REORDER DELAY_US JITTER_US BITS_PER_SECOND
 *        CUT 0 or 1; shares in [0, 1]; BITS_PER_SECOND 0: no limit
 *   done NUMBER         answered by "done NUMBER" when everything before it is in force
 *
 * A packet's way: cut? lost? doubled? then through the link's queue (rate), then held (delay), then cut
 * again: nothing passes a link from the moment on in which it was cut. Without `REORDER` a link keeps order
 * whatever the jitter; with it that share of packets is held back long enough for later ones to overtake.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
  NODES_MAX = 32,
  PACKET_BYTES_MAX = 65536,
  /* Packets read from one device before the others have their turn. */
  PACKETS_A_TURN = 64,
  LINE_BYTES_MAX = 4096,
};

/* Bytes that wait for a narrow link before it drops: as a small router's buffer. */
static const double QUEUE_BYTES_MAX = 256 * 1024;
/* How long a reordered packet is held beyond what the link's delay is. */
static const int64_t REORDER_HOLD_NS = 4000000;

struct rule {
  int cut;
  double loss, duplicate, reorder;
  int64_t delay_ns, jitter_ns;
  double bits_per_second;
};

struct link {
  struct rule rule;
  /* When what is queued for its rate will have left. */
  int64_t free_at_ns;
  /* Of the packet that left or leaves last, reordered ones aside. */
  int64_t last_due_ns;
};

struct packet {
  int64_t due_ns;
  uint64_t sequence;
  int from, to;
  size_t bytes;
  unsigned char *data;
};

static int node_count;
static int devices[NODES_MAX];
static struct link links[NODES_MAX][NODES_MAX];

static struct packet *heap;
static size_t heap_count, heap_capacity;
static uint64_t next_sequence;
static uint64_t random_state;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Uniform in [0, 1): xorshift64*. */
static double random_share(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (double)((random_state * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0;
}

static int happens(double share) { return share > 0 && random_share() < share; }

static int is_before(const struct packet *a, const struct packet *b) {
  return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->sequence < b->sequence;
}

static void heap_push(struct packet packet) {
  if (heap_count == heap_capacity) {
    heap_capacity = heap_capacity == 0 ? 1024 : heap_capacity * 2;
    heap = realloc(heap, heap_capacity * sizeof *heap);
    if (heap == NULL) die("realloc");
  }
  size_t at = heap_count++;
  while (at > 0 && is_before(&packet, &heap[(at - 1) / 2])) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap[at] = packet;
}

static struct packet heap_pop(void) {
  struct packet first = heap[0];
  struct packet last = heap[--heap_count];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap_count) break;
    if (child + 1 < heap_count && is_before(&heap[child + 1], &heap[child])) child += 1;
    if (!is_before(&heap[child], &last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}

/* A device whose queue is full drops, as any does. */
static void deliver(int to, const unsigned char *data, size_t bytes) {
  if (write(devices[to], data, bytes) < 0 && errno == EBADFD) die("write to a device");
}

static void deliver_due(int64_t now) {
  while (heap_count > 0 && heap[0].due_ns <= now) {
    struct packet packet = heap_pop();
    if (!links[packet.from][packet.to].rule.cut) deliver(packet.to, packet.data, packet.bytes);
    free(packet.data);
  }
}

/* When it leaves; -1: never. */
static int64_t due_of(struct link *link, size_t bytes, int64_t now) {
  const struct rule *rule = &link->rule;
  int64_t due = now;
  if (rule->bits_per_second > 0) {
    int64_t starts = link->free_at_ns > now ? link->free_at_ns : now;
    double waiting_bytes = (double)(starts - now) * rule->bits_per_second / 8e9;
    if (waiting_bytes > QUEUE_BYTES_MAX) return -1;
    link->free_at_ns = starts + (int64_t)((double)bytes * 8e9 / rule->bits_per_second);
    due = link->free_at_ns;
  }
  due += rule->delay_ns;
  if (rule->jitter_ns > 0) due += (int64_t)((2 * random_share() - 1) * (double)rule->jitter_ns);
  if (due < now) due = now;
  if (happens(rule->reorder)) return due + REORDER_HOLD_NS;
  if (due < link->last_due_ns) due = link->last_due_ns;
  link->last_due_ns = due;
  return due;
}

static void carry(int from, const unsigned char *data, size_t bytes, int64_t now) {
  if (bytes < 20 || data[0] >> 4 != 4) return;
  int to = data[19] - 1;
  if (to < 0 || to >= node_count || to == from) return;
  struct link *link = &links[from][to];
  if (link->rule.cut || happens(link->rule.loss)) return;
  int copies = happens(link->rule.duplicate) ? 2 : 1;
  for (; copies > 0; copies--) {
    int64_t due = due_of(link, bytes, now);
    if (due < 0) continue;
    if (due <= now) {
      deliver(to, data, bytes);
      continue;
    }
    struct packet packet = {due, next_sequence++, from, to, bytes, malloc(bytes)};
    if (packet.data == NULL) die("malloc");
    memcpy(packet.data, data, bytes);
    heap_push(packet);
  }
}

static void read_device(int from, int64_t now) {
  static unsigned char data[PACKET_BYTES_MAX];
  for (int count = 0; count < PACKETS_A_TURN; count++) {
    ssize_t bytes = read(devices[from], data, sizeof data);
    if (bytes < 0) {
      if (errno == EAGAIN || errno == EINTR || errno == EIO) return;
      die("read from a device");
    }
    carry(from, data, (size_t)bytes, now);
  }
}

static void obey(const char *line) {
  int from, to;
  long long delay_us, jitter_us, number;
  struct rule rule;
  if (sscanf(line, "done %lld", &number) == 1) {
    printf("done %lld\n", number);
    fflush(stdout);
    return;
  }
  int fields = sscanf(line, "rule %d %d %d %lf %lf %lf %lld %lld %lf", &from, &to, &rule.cut,
                      &rule.loss, &rule.duplicate, &rule.reorder, &delay_us, &jitter_us,
                      &rule.bits_per_second);
  if (fields != 9 || from < 1 || from > node_count || to < 1 || to > node_count) {
    fprintf(stderr, "not understood: %s\n", line);
    exit(1);
  }
  rule.delay_ns = delay_us * 1000;
  rule.jitter_ns = jitter_us * 1000;
  links[from - 1][to - 1].rule = rule;
}

/* Whatever has come by standard input; lines may come in pieces. */
static void read_commands(void) {
  static char buffer[LINE_BYTES_MAX];
  static size_t filled;
  ssize_t bytes = read(STDIN_FILENO, buffer + filled, sizeof buffer - 1 - filled);
  if (bytes <= 0) exit(0);
  filled += (size_t)bytes;
  char *line = buffer;
  for (char *end; (end = memchr(line, '\n', filled - (size_t)(line - buffer))) != NULL;) {
    *end = '\0';
    obey(line);
    line = end + 1;
  }
  filled -= (size_t)(line - buffer);
  memmove(buffer, line, filled);
  if (filled == sizeof buffer - 1) exit(1);
}

/* A TUN device belongs to the namespace it was opened in. */
static int open_device(const char *namespace_file) {
  int namespace = open(namespace_file, O_RDONLY | O_CLOEXEC);
  if (namespace < 0 || setns(namespace, CLONE_NEWNET) != 0) die(namespace_file);
  close(namespace);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) die("/dev/net/tun");
  struct ifreq request;
  memset(&request, 0, sizeof request);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strcpy(request.ifr_name, "peers");
  if (ioctl(device, TUNSETIFF, &request) != 0) die("TUNSETIFF");
  return device;
}

int main(int count, char **arguments) {
  if (count < 3 || count - 2 > NODES_MAX) {
    fprintf(stderr, "usage: packet-switch SEED NETNS_FILE...\n");
    return 2;
  }
  random_state = strtoull(arguments[1], NULL, 10) | 1;
  node_count = count - 2;
  for (int at = 0; at < node_count; at++) devices[at] = open_device(arguments[at + 2]);
  printf("ready\n");
  fflush(stdout);

  struct pollfd polled[NODES_MAX + 1];
  polled[0] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
  for (int at = 0; at < node_count; at++) polled[at + 1] = (struct pollfd){devices[at], POLLIN, 0};
  for (;;) {
    struct timespec wait, *timeout = NULL;
    if (heap_count > 0) {
      int64_t left = heap[0].due_ns - now_ns();
      if (left < 0) left = 0;
      wait = (struct timespec){left / 1000000000, left % 1000000000};
      timeout = &wait;
    }
    if (ppoll(polled, (nfds_t)node_count + 1, timeout, NULL) < 0 && errno != EINTR) die("ppoll");
    if (polled[0].revents != 0) read_commands();
    int64_t now = now_ns();
    deliver_due(now);
    for (int at = 0; at < node_count; at++) {
      if (polled[at + 1].revents != 0) read_device(at, now);
    }
  }
}
