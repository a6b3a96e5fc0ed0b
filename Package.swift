// swift-tools-version: 6.2
// The rooms of the house and who may import whom; ARCHITECTURE.md says why, HouseTests hold it.

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "p2pfs",
  products: [
    .executable(name: "p2pfs", targets: ["p2pfs"]),
    .executable(name: "tracker", targets: ["Tracker"]),
    .executable(name: "tracker-load", targets: ["TrackerLoad"]),
    .executable(name: "swarm-load", targets: ["SwarmLoad"]),
    .executable(name: "exercise", targets: ["Exercisers"]),
  ],
  targets: [
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    // Opened when it is needed, not linked: its header says why.
    .systemLibrary(name: "CMicroHTTP", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CLineEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),

    .target(name: "GroupModel", dependencies: ["COpenSSL"], swiftSettings: settings),
    .target(name: "Link", dependencies: ["GroupModel", "COpenSSL", "CLinux"], swiftSettings: settings),
    .target(name: "Metrics", dependencies: ["Link", "CMicroHTTP"], swiftSettings: settings),
    .target(name: "Catalog", dependencies: ["GroupModel", "CSQLite"], swiftSettings: settings),
    .target(name: "Swarm", dependencies: ["GroupModel", "Link", "CLinux"], swiftSettings: settings),
    .target(
      name: "Volume", dependencies: ["GroupModel", "Link", "Catalog", "Swarm"], swiftSettings: settings),
    .executableTarget(
      name: "p2pfs",
      dependencies: [
        "GroupModel", "Link", "Catalog", "Metrics", "Swarm", "Volume", "CFuse", "CLineEdit", "CLinux",
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "Tracker", dependencies: ["GroupModel", "Link", "Catalog", "Metrics", "CLinux"],
      swiftSettings: settings),

    .executableTarget(
      name: "TrackerLoad", dependencies: ["GroupModel", "Link"], path: "Benchmarks/TrackerLoad",
      swiftSettings: settings),
    .executableTarget(
      name: "DiskBench", dependencies: ["GroupModel", "Link", "Swarm"], path: "Benchmarks/DiskBench",
      swiftSettings: settings),

    .executableTarget(
      name: "SwarmLoad", dependencies: ["GroupModel", "Link", "Swarm"], path: "Benchmarks/SwarmLoad",
      swiftSettings: settings),

    // What a file system has to stand.
    .executableTarget(
      name: "Exercisers", dependencies: ["CLinux", "TestSupport"], path: "Tests/Exercisers",
      swiftSettings: settings),
    // Clients as tests want them, honest and hostile.
    .target(
      name: "Visitors", dependencies: ["GroupModel", "Link", "COpenSSL"], path: "Tests/Visitors",
      swiftSettings: settings),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    .testTarget(
      name: "GroupModelTests", dependencies: ["GroupModel", "TestSupport"], exclude: ["Vectors"],
      swiftSettings: settings),
    .testTarget(
      name: "LinkTests", dependencies: ["Link", "GroupModel", "COpenSSL", "Visitors", "TestSupport"],
      swiftSettings: settings
    ),
    .testTarget(
      name: "MetricsTests", dependencies: ["Metrics", "Link", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "CatalogTests", dependencies: ["Catalog", "GroupModel"], swiftSettings: settings),
    .testTarget(
      name: "SwarmTests", dependencies: ["Swarm", "GroupModel", "Link", "Visitors", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "TrackerTests", dependencies: ["Tracker", "Catalog", "Link", "GroupModel", "Visitors"],
      swiftSettings: settings),
    .testTarget(
      name: "VolumeTests", dependencies: ["Volume", "GroupModel", "Link", "Swarm", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "p2pfsTests", dependencies: ["p2pfs", "GroupModel", "Link", "Swarm", "Volume", "CFuse"],
      swiftSettings: settings),
    .testTarget(name: "HouseTests", swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests",
      dependencies: ["GroupModel", "Link", "Catalog", "Swarm", "Tracker", "Visitors", "TestSupport"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
