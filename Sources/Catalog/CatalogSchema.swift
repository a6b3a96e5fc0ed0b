// The tables of groups, persons and files: the same at the tracker and at each member. The tracker adds its
// own tables by steps of its own, after these.

package enum CatalogSchema {
  /// What a member's copy is.
  package static let copy = Schema([groups])

  /// `version` and `place` order all that a group's decisions changed: the decision's number, and which of
  /// its rows this was, counted from 1. Catching up reads in that order.
  ///
  /// Removed paths have a table of their own, so that what lists live ones never wades through dead ones. A
  /// person who left stays, as a stranger, until tombstones are pruned. A group that has ended leaves no row,
  /// and AUTOINCREMENT still never gives its id again.
  ///
  /// Paths are compared as bytes, and everything below `a` lies between `a/` and `a0`. So one key serves
  /// looking up, walking a whole tree and listing one directory: a listing that meets the inside of a
  /// subdirectory jumps behind it by one seek. A column for the parent would cost a third B-tree on each
  /// publish.
  package static let groups = """
    CREATE TABLE grp (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      owner TEXT,
      number INTEGER NOT NULL DEFAULT 0,
      floor INTEGER NOT NULL DEFAULT 0,
      members INTEGER NOT NULL DEFAULT 0,
      files INTEGER NOT NULL DEFAULT 0,
      directories INTEGER NOT NULL DEFAULT 0,
      -- How far a copy has come: see CatchUpMark, whose number is the column above.
      place INTEGER NOT NULL DEFAULT 0,
      begun INTEGER NOT NULL DEFAULT 0,
      behind INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE person (
      grp INTEGER NOT NULL,
      user TEXT NOT NULL,
      standing INTEGER NOT NULL,
      since INTEGER NOT NULL,
      version INTEGER NOT NULL,
      place INTEGER NOT NULL,
      PRIMARY KEY (grp, user)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX person_told ON person (grp, version, place);
    CREATE INDEX person_groups ON person (user, grp, standing) WHERE standing != 0;
    CREATE INDEX person_inside ON person (grp, user, standing) WHERE standing >= 3;
    CREATE INDEX person_asking ON person (grp, user, standing) WHERE standing = 1;

    CREATE TABLE entry (
      grp INTEGER NOT NULL,
      path BLOB NOT NULL,
      kind INTEGER NOT NULL,
      size INTEGER NOT NULL,
      root BLOB,
      executable INTEGER NOT NULL,
      target BLOB,
      owner TEXT NOT NULL,
      modified INTEGER NOT NULL,
      version INTEGER NOT NULL,
      place INTEGER NOT NULL,
      PRIMARY KEY (grp, path)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entry_told ON entry (grp, version, place);

    CREATE TABLE gone (
      grp INTEGER NOT NULL,
      version INTEGER NOT NULL,
      place INTEGER NOT NULL,
      path BLOB NOT NULL,
      PRIMARY KEY (grp, version, place)
    ) STRICT, WITHOUT ROWID;
    """
}
