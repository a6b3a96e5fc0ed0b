// The house rules that a reader cannot see at a glance: who imports whom, and what no file may hold.

import Foundation
import Testing

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// ARCHITECTURE.md has this table in words.
private let allowed: [String: Set<String>] = [
  "GroupModel": ["Glibc"],
  "Link": ["Glibc", "Synchronization", "GroupModel", "COpenSSL", "CLinux"],
  "Metrics": ["Glibc", "Link", "CMicroHTTP"],
  "Catalog": ["Glibc", "GroupModel", "CSQLite"],
  "Swarm": ["Glibc", "Synchronization", "GroupModel", "Link", "CLinux"],
  "Volume": ["Glibc", "Synchronization", "GroupModel", "Link", "Catalog", "Swarm"],
  "p2pfs": [
    "Glibc", "Synchronization", "GroupModel", "Link", "Metrics", "Catalog", "Swarm", "Volume", "CLineEdit",
    "CLinux",
  ],
  "Tracker": ["Glibc", "Synchronization", "GroupModel", "Link", "Metrics", "Catalog", "CLinux"],
]

private struct SourceFile {
  let url: URL
  let target: String
  let path: String
  let text: String

  var imports: [String] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").filter { !$0.hasPrefix("@") && !isAccess($0) }
      guard words.count >= 2, words[0] == "import" else { return nil }
      return String(words.last!.split(separator: ".")[0])
    }
  }

  private func isAccess(_ word: Substring) -> Bool {
    ["public", "package", "internal", "fileprivate", "private"].contains(word)
  }
}

private func sources() -> [SourceFile] {
  let folder = root.appending(path: "Sources")
  let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!
  return found.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { url in
    let path = url.path().split(separator: "/Sources/", maxSplits: 1).last!
    return SourceFile(
      url: url, target: String(path.split(separator: "/")[0]), path: String(path),
      text: try! String(contentsOf: url, encoding: .utf8))
  }
}

@Test func `no room imports what the table does not allow`() {
  let files = sources()
  #expect(files.count > 50)
  for file in files {
    var mayImport = allowed[file.target] ?? []
    if file.path.hasPrefix("GroupModel/Seal/") { mayImport.insert("COpenSSL") }
    if file.path.hasPrefix("p2pfs/Mount/") { mayImport.insert("CFuse") }
    for name in file.imports {
      #expect(mayImport.contains(name), "\(file.path) imports \(name)")
    }
  }
}

@Test func `every target of the package is in the table`() throws {
  let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
  for target in Set(sources().map(\.target)) {
    #expect(allowed[target] != nil, "\(target) is not in the table")
    #expect(manifest.contains("\"\(target)\""))
  }
}

@Test func `nothing but Link touches a socket`() {
  let calls = [
    "p2pfs_accept", "p2pfs_epoll", "getaddrinfo(", "SSL_new", "SSL_CTX_new", "recvfrom(", "sendto(",
    "sockaddr_un",
    "setsockopt(",
  ]
  for file in sources() where file.target != "Link" {
    for call in calls {
      #expect(!file.text.contains(call), "\(file.path) calls \(call)")
    }
  }
}

@Test func `no type is named like its module`() {
  let keywords: Set<Substring> = ["struct", "class", "enum", "actor", "protocol"]
  for file in sources() {
    let words = file.text.split { " \n:<{(".contains($0) }
    for (word, next) in zip(words, words.dropFirst()) where keywords.contains(word) {
      #expect(allowed[String(next)] == nil, "\(file.path) declares \(next)")
    }
  }
}

@Test func `every file opens with its reason`() {
  for file in sources() {
    #expect(file.text.hasPrefix("//"), "\(file.path) does not say what lives there")
  }
}

@Test func `nothing is left for later`() {
  for file in sources() {
    for word in ["TODO", "FIXME", "XXX", "fatalError(", "try!"] {
      #expect(!file.text.contains(word), "\(file.path) holds \(word)")
    }
  }
}
