/*
 * A closed loop of clients, as fast as their server lets them: each connection sends its pipeline of operations,
 * waits for all their replies, and begins again.
 *
 *   load-generator --ports 7001,7002 --measured-ms 3000 [--warmup-ms 500] [--connections 50]
 *                  [--pipeline 16] [--seed 1] [--grpc /package.Service/Method]   < plan
 *
 * Connections are dealt to the ports by turns. The plan has sections, one behind the other; `preamble` is sent
 * once on every connection, before all else; numbers of twelve digits are drawn anew for each operation:
 *
 *   preamble|operation WEIGHT REPLIES BYTES NUMBERS
 *   number OFFSET RANGE          so many lines as NUMBERS says
 *   (so many bytes as BYTES says)
 *
 * It prints "measuring" when the warm-up is over, and at the end a line of JSON. It ends in time whatever the
 * server does. One thread, since one that keeps up with a server of one thread is enough; whoever reads the
 * figures looks at its own CPU among them. What is void is for the caller to say: errors, nulls and lost
 * connections are counted, from the first operation on, warm-up included.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "grpc.h"
#include "histogram.h"
#include "plan.h"
#include "resp-reader.h"
#include "tally.h"

enum {
  READ_BYTES = 256 * 1024,
  EVENTS_MAX = 256,
  /* Files besides the connections: standard ones, epoll. */
  OTHER_FILES = 16,
};

/* How long a connection may take to be made and to answer the preamble. */
static const time_t GREETING_SECONDS = 10;

struct connection {
  int fd; /* -1: lost */
  int waits_for_room;
  struct resp_reader resp;
  struct grpc_connection grpc;
  /* What is being sent: the operations of one pipeline, for gRPC also answers to the server. */
  unsigned char *out;
  size_t out_count, out_sent;
  int64_t sent_at_ns;
  /* The one whose replies are coming, and how many it still waits for. */
  uint32_t operation, replies_left;
  /* Replies of each operation of the pipeline. */
  uint32_t *replies;
};

static struct plan plan;
static struct connection *connections;
static uint32_t connections_left;
static int poll_fd;
static uint64_t random_state;
static struct grpc_request first_request, later_request;

static struct tally tally;
static uint64_t lost_connections;
static struct histogram latencies;
static int64_t measured_from_ns = INT64_MAX, measured_until_ns = INT64_MAX;

static void die(const char *what) {
  fprintf(stderr, "load-generator: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static double own_cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void lose(struct connection *connection) {
  close(connection->fd);
  connection->fd = -1;
  lost_connections += 1;
  connections_left -= 1;
}

static void watch(struct connection *connection, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(poll_fd, operation, connection->fd, &event) != 0) die("epoll_ctl");
}

static void flush(struct connection *connection) {
  while (connection->out_sent < connection->out_count) {
    ssize_t sent = send(connection->fd, connection->out + connection->out_sent,
                        connection->out_count - connection->out_sent, MSG_NOSIGNAL);
    if (sent >= 0) {
      connection->out_sent += (size_t)sent;
    } else if (errno == EAGAIN) {
      if (!connection->waits_for_room) watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      connection->waits_for_room = 1;
      return;
    } else if (errno != EINTR) {
      lose(connection);
      return;
    }
  }
  if (connection->waits_for_room) watch(connection, EPOLL_CTL_MOD, EPOLLIN);
  connection->waits_for_room = 0;
}

/* RESP: what was sent before has been answered, so all of `out` is free. */
static void fill_with_operations(struct connection *connection) {
  unsigned char *to = connection->out;
  for (uint32_t i = 0; i < plan.pipeline; i++) {
    const struct operation *operation = plan_draw(&plan, &random_state);
    /* Where there is one operation, its bytes are there since the beginning. */
    if (plan.operations_count > 1) memcpy(to, operation->bytes, operation->count);
    operation_draw(operation, to, &random_state);
    connection->replies[i] = operation->replies;
    to += operation->count;
  }
  connection->out_count = (size_t)(to - connection->out);
  connection->out_sent = 0;
}

/* gRPC: behind answers to the server that still wait to be sent. */
static int append_call(struct connection *connection) {
  if (connection->out_sent == connection->out_count) connection->out_sent = connection->out_count = 0;
  int is_first = connection->grpc.last_stream == 0;
  const struct grpc_request *request = is_first ? &first_request : &later_request;
  unsigned char *to = connection->out + connection->out_count;
  memcpy(to, request->bytes, request->count);
  operation_draw(&plan.operations[0], to + request->message_at, &random_state);
  connection->replies[0] = 1;
  connection->out_count += request->count;
  return grpc_next_call(&connection->grpc, request, to);
}

static void send_pipeline(struct connection *connection) {
  if (plan.grpc_path == NULL) {
    fill_with_operations(connection);
  } else if (!append_call(connection)) {
    lose(connection);
    return;
  }
  connection->operation = 0;
  connection->replies_left = connection->replies[0];
  connection->sent_at_ns = now_ns();
  flush(connection);
}

/* Returns whether the pipeline is answered. More replies than were asked for are a mistake of the server's. */
static int take_replies(struct connection *connection, uint64_t count, int64_t now) {
  while (count > 0) {
    if (connection->operation == plan.pipeline) {
      tally.errors += 1;
      return 0;
    }
    uint64_t taken = count < connection->replies_left ? count : connection->replies_left;
    count -= taken;
    connection->replies_left -= (uint32_t)taken;
    if (connection->replies_left > 0) return 0;
    if (now >= measured_from_ns && now < measured_until_ns)
      histogram_add(&latencies, (uint64_t)(now - connection->sent_at_ns));
    connection->operation += 1;
    if (connection->operation < plan.pipeline)
      connection->replies_left = connection->replies[connection->operation];
  }
  return connection->operation == plan.pipeline;
}

static int understand(struct connection *connection, const unsigned char *bytes, size_t count) {
  if (plan.grpc_path == NULL) return resp_read(&connection->resp, bytes, count, &tally);
  struct grpc_connection *grpc = &connection->grpc;
  if (!grpc_read(grpc, bytes, count, &tally)) return 0;
  if (grpc->control_bytes == 0) return 1;
  /* A call that is not sent yet keeps its place: the answers go behind it. */
  if (connection->out_sent == connection->out_count) connection->out_sent = connection->out_count = 0;
  if (connection->out_count > GRPC_CONTROL_BYTES_MAX) return 0;
  memcpy(connection->out + connection->out_count, grpc->control, grpc->control_bytes);
  connection->out_count += grpc->control_bytes;
  grpc->control_bytes = 0;
  return 1;
}

static void receive(struct connection *connection) {
  static unsigned char bytes[READ_BYTES];
  ssize_t count = recv(connection->fd, bytes, sizeof bytes, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  uint64_t replies_before = tally.replies;
  if (count <= 0 || !understand(connection, bytes, (size_t)count)) {
    lose(connection);
    return;
  }
  if (take_replies(connection, tally.replies - replies_before, now_ns())) send_pipeline(connection);
  else if (connection->out_sent < connection->out_count) flush(connection);
}

/* Sent and answered while the socket still blocks. */
static void greet(struct connection *connection) {
  const struct operation *preamble = &plan.preamble;
  unsigned char hello[GRPC_CONTROL_BYTES_MAX];
  const unsigned char *bytes = preamble->bytes;
  size_t count = preamble->count;
  if (plan.grpc_path != NULL) {
    bytes = hello;
    count = grpc_preface(hello);
  }
  if (count > 0 && send(connection->fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count)
    die("the first bytes of a connection");
  uint64_t wanted = plan.grpc_path == NULL ? tally.replies + preamble->replies : 0;
  while (tally.replies < wanted) {
    unsigned char answer[4096];
    ssize_t got = recv(connection->fd, answer, sizeof answer, 0);
    if (got <= 0 || !understand(connection, answer, (size_t)got)) die("no answer to the preamble");
  }
}

static void open_connection(struct connection *connection, uint16_t port) {
  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connection->fd < 0) die("socket");
  struct timeval limit = {.tv_sec = GREETING_SECONDS};
  int yes = 1;
  setsockopt(connection->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  greet(connection);
  fcntl(connection->fd, F_SETFL, fcntl(connection->fd, F_GETFL) | O_NONBLOCK);
  watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

/* The longest pipeline there can be, filled as where there is only one operation. */
static size_t out_capacity(void) {
  if (plan.grpc_path != NULL) return GRPC_REQUEST_BYTES_MAX + 2 * GRPC_CONTROL_BYTES_MAX;
  size_t longest = 0;
  for (size_t i = 0; i < plan.operations_count; i++)
    if (plan.operations[i].count > longest) longest = plan.operations[i].count;
  return longest * plan.pipeline;
}

static void open_connections(void) {
  const struct operation *operation = &plan.operations[0];
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < plan.connections + OTHER_FILES) {
    files.rlim_cur = plan.connections + OTHER_FILES;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) die("too many connections for this process");
  }
  connections = calloc(plan.connections, sizeof *connections);
  if (connections == NULL) die("memory");
  for (uint32_t i = 0; i < plan.connections; i++) {
    struct connection *connection = &connections[i];
    connection->out = malloc(out_capacity());
    connection->replies = calloc(plan.pipeline, sizeof *connection->replies);
    if (connection->out == NULL || connection->replies == NULL) die("memory");
    for (uint32_t place = 0; plan.grpc_path == NULL && place < plan.pipeline; place++)
      memcpy(connection->out + place * operation->count, operation->bytes, operation->count);
    open_connection(connection, plan.ports[i % plan.ports_count]);
    connections_left += 1;
  }
}

static void serve_until(int64_t end_ns) {
  struct epoll_event events[EVENTS_MAX];
  while (connections_left > 0) {
    int64_t left_ns = end_ns - now_ns();
    if (left_ns <= 0) return;
    int count = epoll_wait(poll_fd, events, EVENTS_MAX, (int)((left_ns + 999999) / 1000000));
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection->fd >= 0 && (events[i].events & EPOLLOUT) != 0) flush(connection);
      if (connection->fd >= 0 && (events[i].events & ~(uint32_t)EPOLLOUT) != 0) receive(connection);
    }
  }
}

static void print_figures(double seconds, double cpu_ms) {
  printf("{\"operations\":%" PRIu64 ",\"seconds\":%.6f,\"perSecond\":%.3f,", latencies.total, seconds,
         (double)latencies.total / seconds);
  printf("\"p50Us\":%.2f,\"p99Us\":%.2f,\"p999Us\":%.2f,\"maxUs\":%.2f,",
         histogram_quantile(&latencies, 0.5) / 1e3, histogram_quantile(&latencies, 0.99) / 1e3,
         histogram_quantile(&latencies, 0.999) / 1e3, (double)latencies.max_ns / 1e3);
  printf("\"errors\":%" PRIu64 ",\"nulls\":%" PRIu64 ",\"lostConnections\":%" PRIu64 ",", tally.errors,
         tally.nulls, lost_connections);
  printf("\"firstError\":\"%.*s\",\"cpuMs\":%.3f}\n", (int)tally.first_error_bytes,
         tally.first_error, cpu_ms);
}

int main(int argc, char **argv) {
  plan_read(&plan, argc, argv);
  random_state = plan.seed * UINT64_C(0x9e3779b97f4a7c15);
  const struct operation *operation = &plan.operations[0];
  if (plan.grpc_path != NULL &&
      (!grpc_make_request(&first_request, 1, plan.grpc_path, operation->bytes, operation->count) ||
       !grpc_make_request(&later_request, 0, plan.grpc_path, operation->bytes, operation->count)))
    die("the message is too long");
  poll_fd = epoll_create1(0);
  if (poll_fd < 0) die("epoll_create1");
  open_connections();
  for (uint32_t i = 0; i < plan.connections; i++) send_pipeline(&connections[i]);
  serve_until(now_ns() + plan.warmup_ns);
  puts("measuring");
  fflush(stdout);
  double cpu_before_ms = own_cpu_ms();
  measured_from_ns = now_ns();
  serve_until(measured_from_ns + plan.measured_ns);
  measured_until_ns = now_ns();
  print_figures((double)(measured_until_ns - measured_from_ns) / 1e9, own_cpu_ms() - cpu_before_ms);
  return 0;
}
