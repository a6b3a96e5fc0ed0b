#pragma once

#define FUSE_USE_VERSION 312

// First, or what both include, such as struct stat, would belong to whichever module happens to be loaded first.
#pragma clang module import SwiftGlibc

#include <fuse3/fuse_lowlevel.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

// ioctl is variadic, which Swift does not import; so is nothing else here.

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

/// A parameter in the kernel's file of modes of opening: FOPEN_PASSTHROUGH, which Debian 12 does not know.
static const uint32_t p2pfs_fopen_passthrough = 1 << 7;
