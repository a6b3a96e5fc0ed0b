// One siege for all tests of a suite, where each would otherwise wait for a tracker of its own. It ends with the suite.

import GroupModel
import Testing

extension Siege {
  @TaskLocal fileprivate static var shared: Siege?

  /// The one that the suite's tests share.
  static var ofSuite: Siege { get throws { try #require(shared) } }
}

struct OneSiegeTrait: SuiteTrait, TestScoping {
  let people: [UserName]

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Siege.$shared.withValue(Siege(people: people)) { try await function() }
  }
}

extension Trait where Self == OneSiegeTrait {
  static func oneSiege(of people: [UserName] = [alice, bob, carol]) -> Self { Self(people: people) }
}
