#pragma once

// libmicrohttpd is opened by who is told to show metrics, and by nobody else: with it come GnuTLS and eight libraries
// more, with which each `p2pfs` command would start in 4.2 ms instead of 2.9 and take 2.7 MB more. And a program that
// was copied to a machine without libmicrohttpd runs there. Its types and prototypes are those of its header; only the
// calls go through pointers.

#include <dlfcn.h>
#include <microhttpd.h>
#include <stddef.h>

/// The library's functions, once they were found.
struct p2pfs_http {
  int is_found;
  void *start;
  void *stop;
  void *connection_info;
  void *create_response;
  void *add_header;
  void *queue_response;
  void *destroy_response;
};

/// Where `is_found` is 0 the library is not there, or is not the one that this was made for. It stays until the process
/// ends.
static inline struct p2pfs_http p2pfs_http_find(void) {
  struct p2pfs_http http = {0};
  void *library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
  if (!library) return http;
  http.start = dlsym(library, "MHD_start_daemon");
  http.stop = dlsym(library, "MHD_stop_daemon");
  http.connection_info = dlsym(library, "MHD_get_connection_info");
  http.create_response = dlsym(library, "MHD_create_response_from_buffer");
  http.add_header = dlsym(library, "MHD_add_response_header");
  http.queue_response = dlsym(library, "MHD_queue_response");
  http.destroy_response = dlsym(library, "MHD_destroy_response");
  http.is_found = http.start && http.stop && http.connection_info && http.create_response &&
                  http.add_header && http.queue_response && http.destroy_response;
  return http;
}

struct p2pfs_http_limits {
  unsigned connections;
  /// Of silence.
  unsigned seconds;
  /// Of one connection's request, its headers and all.
  size_t bytes;
};

/// One thread for all connections of a socket that listens, which is the daemon's from now on.
static inline struct MHD_Daemon *p2pfs_http_start(
    struct p2pfs_http http, int listening, struct p2pfs_http_limits limits,
    MHD_AccessHandlerCallback asked, MHD_NotifyConnectionCallback noticed, void *whom) {
  return ((__typeof__(&MHD_start_daemon))http.start)(
      MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, asked, whom,
      MHD_OPTION_LISTEN_SOCKET, listening,
      MHD_OPTION_CONNECTION_LIMIT, limits.connections,
      MHD_OPTION_CONNECTION_TIMEOUT, limits.seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.bytes,
      MHD_OPTION_NOTIFY_CONNECTION, noticed, whom,
      MHD_OPTION_END);
}

/// Waits for the daemon's thread, and closes the socket.
static inline void p2pfs_http_stop(struct p2pfs_http http, struct MHD_Daemon *daemon) {
  ((__typeof__(&MHD_stop_daemon))http.stop)(daemon);
}

static inline int p2pfs_http_socket(struct p2pfs_http http, struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = ((__typeof__(&MHD_get_connection_info))http.connection_info)(
      connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

/// Copies the body. `allowed` may be NULL.
static inline enum MHD_Result p2pfs_http_answer(
    struct p2pfs_http http, struct MHD_Connection *connection, unsigned status, const char *type,
    const char *allowed, const void *body, size_t count) {
  struct MHD_Response *response = ((__typeof__(&MHD_create_response_from_buffer))http.create_response)(
      count, (void *)body, MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  __typeof__(&MHD_add_response_header) add = (__typeof__(&MHD_add_response_header))http.add_header;
  add(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  if (allowed) add(response, MHD_HTTP_HEADER_ALLOW, allowed);
  enum MHD_Result result =
      ((__typeof__(&MHD_queue_response))http.queue_response)(connection, status, response);
  ((__typeof__(&MHD_destroy_response))http.destroy_response)(response);
  return result;
}
