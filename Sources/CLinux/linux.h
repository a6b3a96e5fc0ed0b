#pragma once

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Swift's Glibc module is compiled without _GNU_SOURCE and so does not show this.
extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);

static inline int p2pfs_accept(int socket, struct sockaddr *address, socklen_t *length) {
  return accept4(socket, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline int p2pfs_accept_blocking(int socket) { return accept4(socket, (struct sockaddr *)0, (socklen_t *)0, SOCK_CLOEXEC); }

/// struct ucred is only there with _GNU_SOURCE.
struct p2pfs_credentials {
  int process;
  unsigned user;
  unsigned group;
};

static inline int p2pfs_peer_credentials(int socket, struct p2pfs_credentials *credentials) {
  socklen_t length = sizeof *credentials;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, credentials, &length);
}

/// Variadic.
static inline void p2pfs_name_this_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// The enumeration of setpriority's first argument has another type in Swift than in the prototype. Linux keeps a
/// niceness for each thread, under the thread's own number.
static inline void p2pfs_be_nice(int niceness) {
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), niceness);
}

/// The flags are members of anonymous enumerations, each of a type of its own in Swift.
static inline int p2pfs_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int p2pfs_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline int p2pfs_signalfd(const sigset_t *signals) { return signalfd(-1, signals, SFD_CLOEXEC); }

static const unsigned p2pfs_epoll_readable = EPOLLIN;
static const unsigned p2pfs_epoll_writable = EPOLLOUT;
static const unsigned p2pfs_epoll_broken = EPOLLERR | EPOLLHUP;
static const unsigned p2pfs_epoll_exclusive = EPOLLEXCLUSIVE;

/// Hidden from Swift's Glibc, or of an enumeration's type there.
static const int p2pfs_tcp_notsent_lowat = 25;
static const int p2pfs_tcp_cork = TCP_CORK;
