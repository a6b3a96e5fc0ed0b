#pragma once

// What Swift's Glibc shows stays Glibc's: otherwise `struct stat` would belong to this module, and no file could look
// into it without an import of libfuse.
#pragma clang module import SwiftGlibc

#define FUSE_USE_VERSION 312

#include <fuse3/fuse_lowlevel.h>
#include <linux/fuse.h>
#include <linux/ioctl.h>
#include <stdint.h>
#include <sys/mount.h>

// Variadic, which Swift does not import.
extern int ioctl(int descriptor, unsigned long request, ...);

/// Makes a descriptor of /dev/fuse one more way into the mount that the other one serves.
static inline int p2pfs_fuse_clone(int descriptor, int master) {
  uint32_t number = (uint32_t)master;
  return ioctl(descriptor, FUSE_DEV_IOC_CLONE, &number);
}

/// Debian 12's linux/fuse.h is older than passthrough: FUSE_DEV_IOC_BACKING_OPEN and _CLOSE.
struct p2pfs_fuse_backing {
  int32_t descriptor;
  uint32_t flags;
  uint64_t padding;
};

/// A number above 0 by which an answer to OPEN names the file behind it; -1 and errno where it may not be.
static inline int p2pfs_fuse_backing_open(int fuse, int file) {
  struct p2pfs_fuse_backing backing = {.descriptor = file};
  return ioctl(fuse, _IOW(FUSE_DEV_IOC_MAGIC, 1, struct p2pfs_fuse_backing), &backing);
}

static inline int p2pfs_fuse_backing_close(int fuse, uint32_t backing) {
  return ioctl(fuse, _IOW(FUSE_DEV_IOC_MAGIC, 2, uint32_t), &backing);
}

/// FOPEN_PASSTHROUGH.
static const uint32_t p2pfs_fopen_passthrough = 1 << 7;
