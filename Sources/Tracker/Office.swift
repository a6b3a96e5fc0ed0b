// What every session needs of the tracker, built once by Program and handed over.

import GroupModel

struct Office: Sendable {
  let accounts: Accounts
  let presence: Presence
  let registry: Registry
  let clerk: Clerk
  let witnesses: Witnesses
  let doorkeeper: Doorkeeper
  let archive: Archive
  let log: Log
  let counts = SessionCounts()
}
