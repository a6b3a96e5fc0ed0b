#pragma once

#include <sqlite3.h>
#include <sys/types.h>

/// Hidden without _GNU_SOURCE, and its flag with it.
extern int fallocate(int file, int mode, off_t offset, off_t length);

/// FALLOC_FL_KEEP_SIZE: room behind the end of a file, which stays where it is.
static inline int p2pfs_sqlite_reserve(int file, off_t bytes) { return fallocate(file, 0x01, 0, bytes); }

/// SQLITE_TRANSIENT is a macro with a pointer cast, which Swift does not import.
static inline int p2pfs_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes) {
  return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}

static inline int p2pfs_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
  return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/// sqlite3_db_config is variadic.
static inline int p2pfs_sqlite_no_checkpoint_on_close(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/// Extended codes are macros with operators, which Swift does not import.
static const int p2pfs_sqlite_ioerr_fsync = SQLITE_IOERR_FSYNC;
static const int p2pfs_sqlite_ioerr_dir_fsync = SQLITE_IOERR_DIR_FSYNC;
