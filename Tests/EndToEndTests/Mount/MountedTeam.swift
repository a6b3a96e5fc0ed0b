// A team whose members have all mounted: one for each story that kills somebody, one for all others together.

import Foundation
import Testing

/// ## Concurrency model
/// One test's, or one suite's whose tests follow each other.
final class MountedTeam: @unchecked Sendable {
  let team: Team
  let people: [Mounted]

  init(_ names: String..., options: [String] = []) throws {
    team = try Team(names)
    people = team.people.map { $0.mounts(options) }
  }

  subscript(_ index: Int) -> Mounted { people[index] }

  var story: Story { team.story }
}

/// Stories that leave the team as it was. The suites in it follow each other, and each works in a directory of its own.
@Suite(.serialized, .mountedTeam) enum OnOneMount {}

extension MountedTeam {
  @TaskLocal static var shared: MountedTeam?
}

/// A suite of these. alice owns the group `team`.
protocol AtOneMount {}

extension AtOneMount {
  var alice: Mounted { MountedTeam.shared!.people[0] }
  var bob: Mounted { MountedTeam.shared!.people[1] }
  var carol: Mounted { MountedTeam.shared!.people[2] }
}

struct MountedTeamTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let team = try MountedTeam("alice", "bob", "carol")
    try await MountedTeam.$shared.withValue(team) { try await function() }
  }
}

extension Trait where Self == MountedTeamTrait {
  static var mountedTeam: Self { Self() }
}

/// Where somebody wants to know for sure, P2PFS_FULL=1 gives exercises their full length.
func length(_ usual: Int, full: Int) -> Int { getenv("P2PFS_FULL") == nil ? usual : full }
