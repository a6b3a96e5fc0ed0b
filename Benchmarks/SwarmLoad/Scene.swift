// What all processes of one run share, as files in one folder: the authority, the file, its tree.

import GroupModel
import Glibc
import Link
import Swarm

struct Scene {
  let folder: String
  let authority: Authority
  let root: ContentRoot
  let layout: ContentLayout
  let key: ContentKey
  let mode: String
  let target: String

  /// Each seed has a quarter.
  var isInParts: Bool { mode == "quarters" }
  /// The fetcher's disk is the product's.
  var usesStore: Bool { mode == "store" }
  /// Single blocks are read here and there, instead of everything.
  var isRandom: Bool { mode == "random" }

  var sourcePath: String { "\(folder)/source" }

  init(folder: String) throws {
    self.folder = folder
    authority = try Authority(
      keyPEM: readFile("\(folder)/key.pem"), certificatePEM: readFile("\(folder)/authority.pem"))
    let lines = String(decoding: readFile("\(folder)/scene"), as: UTF8.self).split(separator: "\n")
    root = ContentRoot(hex: lines[0])!
    layout = ContentLayout(fileBytes: Int(lines[1])!)!
    mode = String(lines[2])
    target = String(lines[3])
    key = ContentKey(group: GroupID(1), root: root)
  }

  static func make(folder: String, mib: Int, mode: String, target: String) throws {
    mkdir(folder, 0o700)
    let authority = try Authority.make(now: secondsSince1970())
    writeFile("\(folder)/key.pem", try authority.keyPEM())
    writeFile("\(folder)/authority.pem", try authority.certificate.pem())
    let tree = fillWithNoise("\(folder)/source", mib: mib)
    writeFile(
      "\(folder)/scene",
      Array("\(tree.root)\n\(tree.layout.fileBytes)\n\(mode)\n\(target)\n".utf8))
    tree.leaves.withUnsafeBytes { writeFile("\(folder)/leaves", Array($0)) }
  }

  func tree() -> MerkleTree {
    let bytes = readFile("\(folder)/leaves")
    let leaves = (0..<layout.blockCount).map { block in
      Digest(bytes.span.bytes.extracting(block * Digest.byteCount..<(block + 1) * Digest.byteCount))
    }
    return MerkleTree(leaves: leaves, layout: layout)!
  }

  func credential(_ name: String, lineage: UInt64) throws -> Credential {
    let key = try KeyPair.generate()
    let certificate = try authority.issueMember(
      user: UserName(name)!, generation: 1, lineage: lineage, request: CertificateRequest(signedBy: key),
      now: secondsSince1970())
    return Credential(key: key, certificate: certificate)
  }

  func swarm(_ name: String, _ lineage: UInt64, _ content: PlainContent, _ finder: NoFinder) throws
    -> PeerSwarm
  {
    let port = try ListeningPort(at: SocketAddress(ip: [127, 0, 0, 1], port: 0))
    let swarm = PeerSwarm(
      as: try credential(name, lineage: lineage), trusting: .certificate(authority.certificate),
      listening: port,
      shelf: OneShelf(key: key, held: content), membership: Everybody(), finder: finder)!
    try swarm.start()
    return swarm
  }

  private static func fillWithNoise(_ path: String, mib: Int) -> MerkleTree {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    var builder = MerkleBuilder()
    var random = SystemRandomNumberGenerator()
    var words = [UInt64](repeating: 0, count: (1 << 20) / 8)
    for index in words.indices { words[index] = random.next() }
    for number in 0..<mib {
      for index in stride(from: 0, to: words.count, by: 512) {
        words[index] = UInt64(number) << 32 | UInt64(index)
      }
      words.withUnsafeBytes { bytes in
        _ = write(file, bytes.baseAddress, bytes.count)
        builder.append(bytes.bytes)
      }
    }
    return builder.finish()!
  }
}

func readFile(_ path: String) -> [UInt8] {
  let file = open(path, O_RDONLY)
  defer { close(file) }
  var status = stat()
  fstat(file, &status)
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  _ = read(file, &bytes, bytes.count)
  return bytes
}

func writeFile(_ path: String, _ bytes: [UInt8]) {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  defer { close(file) }
  _ = write(file, bytes, bytes.count)
}
