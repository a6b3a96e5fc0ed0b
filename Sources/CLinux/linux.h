#pragma once

#include <netinet/tcp.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
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

/// ioctl is variadic; and which module struct winsize belongs to depends on what else is imported. 0: no terminal.
static inline int p2pfs_terminal_columns(int descriptor) {
  struct winsize size = {0};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static inline int p2pfs_terminal_rows(int descriptor) {
  struct winsize size = {0};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

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
static const int p2pfs_tcp_notsent_lowat = TCP_NOTSENT_LOWAT;
static const int p2pfs_tcp_cork = TCP_CORK;

// Files. These too are hidden without _GNU_SOURCE, and their flags with them.
extern int fallocate(int file, int mode, off_t offset, off_t length);
extern ssize_t copy_file_range(
    int from, off_t *fromOffset, int to, off_t *toOffset, size_t length, unsigned flags);
extern int sync_file_range(int file, off_t offset, off_t length, unsigned flags);
extern int renameat2(
    int fromFolder, const char *from, int toFolder, const char *to, unsigned flags);
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline);

/// FALLOC_FL_PUNCH_HOLE with FALLOC_FL_KEEP_SIZE, without which it is refused.
static inline int p2pfs_punch_hole(int file, off_t offset, off_t length) {
  return fallocate(file, 0x02 | 0x01, offset, length);
}

/// FALLOC_FL_KEEP_SIZE, or 0.
static inline int p2pfs_allocate(int file, int keepsSize, off_t offset, off_t length) {
  return fallocate(file, keepsSize ? 0x01 : 0, offset, length);
}

/// SYNC_FILE_RANGE_WRITE: asks for the writing to begin, and does not wait for it.
static inline int p2pfs_begin_writeback(int file, off_t offset, off_t length) {
  return sync_file_range(file, offset, length, 2);
}

/// RENAME_NOREPLACE.
static inline int p2pfs_rename_to_new(
    int fromFolder, const char *from, int toFolder, const char *to) {
  return renameat2(fromFolder, from, toFolder, to, 1);
}

static const int p2pfs_seek_data = 3;
static const int p2pfs_seek_hole = 4;

/// A global variable, which Swift does not let threads share.
extern char **environ;
static inline char **p2pfs_environment(void) { return environ; }

/// Declared here, since <spawn.h> shows it to GNU sources only.
extern int p2pfs_close_from(void *actions, int first) __asm__("posix_spawn_file_actions_addclosefrom_np");

/// Of <sys/mount.h>, whose other includes would take `struct stat` away from Swift's Glibc.
extern int umount2(const char *path, int flags);
static const int p2pfs_unmount_detach = 2;
static const int p2pfs_unmount_no_follow = 8;

/// Whether two numbers of a process stand for one opening of one file (KCMP_FILE); also where the kernel does not say.
static inline int p2pfs_is_one_opening(int process, int one, int other) {
  return syscall(SYS_kcmp, (pid_t)process, (pid_t)process, 0, (unsigned long)one, (unsigned long)other) <= 0;
}

/// For the exercisers of Tests: listing with buffers of a chosen size.
extern ssize_t getdents64(int folder, void *entries, size_t length);
