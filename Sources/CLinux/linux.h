#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Swift's Glibc module is compiled without _GNU_SOURCE and so does not show these.
extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
extern int pthread_setname_np(pthread_t thread, const char *name);

static inline int p2pfs_accept(int socket, struct sockaddr *address, socklen_t *length) {
  return accept4(socket, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline void p2pfs_name_this_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

/// The enumeration of setpriority's first argument has another type in Swift than in the prototype. Linux keeps a
/// niceness for each thread, under the thread's own number.
static inline void p2pfs_be_nice(int niceness) {
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), niceness);
}

/// The flags are members of anonymous enumerations, each of a type of its own in Swift.
static inline int p2pfs_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int p2pfs_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static const unsigned p2pfs_epoll_readable = EPOLLIN;
static const unsigned p2pfs_epoll_writable = EPOLLOUT;
static const unsigned p2pfs_epoll_broken = EPOLLERR | EPOLLHUP;
static const unsigned p2pfs_epoll_exclusive = EPOLLEXCLUSIVE;
