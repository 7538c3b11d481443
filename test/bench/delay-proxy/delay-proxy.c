/*
 * A network that takes its time: a TCP proxy on loopback, through which every byte takes the same while.
 *
 *   delay-proxy PORT DELAY_US      forwards to PORT of 127.0.0.1, each direction later by DELAY_US
 *
 * It prints the port it listens at, and ends when its standard input does. Since the delay is one for all, what
 * has come first is due first, whoever sent it: one queue for all connections, and one timer for its head.
 *
 *   dialer -> recv -> [due, bytes] [due, bytes] ... -> send -> target, and the same way back
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
  READ_BYTES = 256 * 1024,
  /* Of one direction under way, before no more is read from its source. */
  HELD_BYTES_MAX = 8 * 1024 * 1024,
  BACKLOG = 1024,
};

struct chunk {
  struct chunk *next;
  /* Of its direction, behind this one. */
  struct chunk *next_late;
  struct end *to;
  int64_t due_ns;
  size_t count, sent;
  unsigned char bytes[];
};

/* One of the two sockets of a connection, and what is on its way to it. */
struct end {
  int fd; /* -1: closed */
  struct end *other;
  /* Chunks in the queue; the end is freed with the last of the connection's. */
  size_t queued;
  size_t held_bytes;
  /* Due, but the socket has no room. */
  struct chunk *late_first, *late_last;
};

static int poll_fd, listener_fd, timer_fd;
static uint16_t target_port;
static int64_t delay_ns;
static struct chunk *queue_first, *queue_last;

static void die(const char *what) {
  fprintf(stderr, "delay-proxy: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void watch(int operation, int fd, uint32_t events, void *what) {
  struct epoll_event event = {.events = events, .data.ptr = what};
  if (epoll_ctl(poll_fd, operation, fd, &event) != 0) die("epoll_ctl");
}

/* What may happen to an end now: its own bytes are for the other, those it is given wait for its room. */
static void rewatch(struct end *end) {
  if (end->fd < 0) return;
  uint32_t events = end->other->held_bytes < HELD_BYTES_MAX ? EPOLLIN : 0;
  if (end->late_first != NULL) events |= EPOLLOUT;
  watch(EPOLL_CTL_MOD, end->fd, events, end);
}

/* Frees both when nothing refers to them any more. */
static void release(struct end *end) {
  if (end->fd >= 0 || end->queued + end->other->queued > 0) return;
  free(end->other);
  free(end);
}

/* Whoever ends, ends both at once: clients of a measurement leave when it is over. */
static void close_both(struct end *end) {
  struct end *ends[] = {end, end->other};
  for (int i = 0; i < 2; i++) {
    if (ends[i]->fd >= 0) close(ends[i]->fd);
    ends[i]->fd = -1;
    while (ends[i]->late_first != NULL) {
      struct chunk *chunk = ends[i]->late_first;
      ends[i]->late_first = chunk->next_late;
      free(chunk);
    }
  }
}

static int prepared(int fd) {
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

static struct sockaddr_in loopback(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static void accept_one(void) {
  int dialer = accept(listener_fd, NULL, NULL);
  if (dialer < 0) return;
  struct sockaddr_in address = loopback(target_port);
  int target = socket(AF_INET, SOCK_STREAM, 0);
  if (target < 0 || connect(target, (struct sockaddr *)&address, sizeof address) != 0) {
    if (target >= 0) close(target);
    close(dialer);
    return;
  }
  struct end *ends[] = {calloc(1, sizeof(struct end)), calloc(1, sizeof(struct end))};
  if (ends[0] == NULL || ends[1] == NULL) die("memory");
  int fds[] = {dialer, target};
  for (int i = 0; i < 2; i++) {
    *ends[i] = (struct end){.fd = prepared(fds[i]), .other = ends[1 - i]};
    watch(EPOLL_CTL_ADD, fds[i], EPOLLIN, ends[i]);
  }
}

static void arm(void) {
  struct itimerspec when = {0};
  if (queue_first != NULL) {
    when.it_value.tv_sec = queue_first->due_ns / 1000000000;
    when.it_value.tv_nsec = queue_first->due_ns % 1000000000;
  }
  if (timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL) != 0) die("timerfd_settime");
}

static void take(struct end *from) {
  static unsigned char bytes[READ_BYTES];
  ssize_t count = recv(from->fd, bytes, sizeof bytes, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    close_both(from);
    release(from);
    return;
  }
  struct end *to = from->other;
  struct chunk *chunk = malloc(sizeof *chunk + (size_t)count);
  if (chunk == NULL) die("memory");
  *chunk = (struct chunk){.to = to, .due_ns = now_ns() + delay_ns, .count = (size_t)count};
  memcpy(chunk->bytes, bytes, (size_t)count);
  if (queue_first == NULL) queue_first = chunk;
  else queue_last->next = chunk;
  queue_last = chunk;
  to->queued += 1;
  to->held_bytes += chunk->count;
  if (to->held_bytes >= HELD_BYTES_MAX) rewatch(from);
  if (queue_first == chunk) arm();
}

/* As much as the socket takes of what is due. */
static void give(struct end *to) {
  while (to->fd >= 0 && to->late_first != NULL) {
    struct chunk *chunk = to->late_first;
    ssize_t sent = send(to->fd, chunk->bytes + chunk->sent, chunk->count - chunk->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) {
      close_both(to);
      return;
    }
    chunk->sent += (size_t)sent;
    if (chunk->sent < chunk->count) continue;
    to->late_first = chunk->next_late;
    to->held_bytes -= chunk->count;
    free(chunk);
  }
}

static void deliver_due(void) {
  uint64_t expirations;
  if (read(timer_fd, &expirations, sizeof expirations) < 0 && errno != EAGAIN) die("timerfd");
  int64_t now = now_ns();
  while (queue_first != NULL && queue_first->due_ns <= now) {
    struct chunk *chunk = queue_first;
    struct end *to = chunk->to;
    queue_first = chunk->next;
    to->queued -= 1;
    if (to->fd < 0) {
      free(chunk);
      release(to);
      continue;
    }
    int waited = to->late_first != NULL, was_full = to->held_bytes >= HELD_BYTES_MAX;
    if (waited) to->late_last->next_late = chunk;
    else to->late_first = chunk;
    to->late_last = chunk;
    if (!waited) give(to);
    if (to->fd < 0) {
      release(to);
      continue;
    }
    if (!waited && to->late_first != NULL) rewatch(to);
    if (was_full && to->held_bytes < HELD_BYTES_MAX) rewatch(to->other);
  }
  arm();
}

static void listen_for_dialers(void) {
  struct sockaddr_in address = loopback(0);
  socklen_t count = sizeof address;
  listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (listener_fd < 0 || bind(listener_fd, (struct sockaddr *)&address, count) != 0 ||
      listen(listener_fd, BACKLOG) != 0 ||
      getsockname(listener_fd, (struct sockaddr *)&address, &count) != 0)
    die("listen");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: delay-proxy PORT DELAY_US\n");
    return 2;
  }
  target_port = (uint16_t)atoi(argv[1]);
  delay_ns = atoll(argv[2]) * 1000;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  poll_fd = epoll_create1(0);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  if (poll_fd < 0 || timer_fd < 0) die("epoll, timerfd");
  listen_for_dialers();
  watch(EPOLL_CTL_ADD, listener_fd, EPOLLIN, &listener_fd);
  watch(EPOLL_CTL_ADD, timer_fd, EPOLLIN, &timer_fd);
  watch(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, NULL);
  for (;;) {
    /* One event at a time: what one does may free what another is about. */
    struct epoll_event event;
    if (epoll_wait(poll_fd, &event, 1, -1) < 1) continue;
    if (event.data.ptr == NULL) return 0;
    if (event.data.ptr == &listener_fd) {
      accept_one();
    } else if (event.data.ptr == &timer_fd) {
      deliver_due();
    } else {
      struct end *end = event.data.ptr;
      if ((event.events & EPOLLOUT) != 0) {
        give(end);
        if (end->fd < 0) {
          release(end);
          continue;
        }
        rewatch(end);
        rewatch(end->other);
      }
      if ((event.events & ~(uint32_t)EPOLLOUT) != 0) take(end);
    }
  }
}
