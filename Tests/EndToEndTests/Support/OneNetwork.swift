// One network for many stories: a password costs the tracker a quarter of a second, so what does not need a network
// of its own shares this one, with people and groups of names that no other story uses.

import Testing

/// The suites in it follow each other.
@Suite(.serialized, .oneNetwork) enum OneNetwork {}

extension Story {
  @TaskLocal static var shared: Story?
}

/// The network that the suite shares.
var network: Story { Story.shared! }

struct OneNetworkTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let story = Story()
    story.startTracker(options: ["--log", "debug"])
    try await Story.$shared.withValue(story) { try await function() }
  }
}

extension Trait where Self == OneNetworkTrait {
  static var oneNetwork: Self { Self() }
}
