// What is mounted where, as the kernel tells it in /proc/self/mountinfo.

import Glibc

struct MountedRow: Hashable, Sendable {
  let path: String
  let type: String
  let source: String
  /// `major:minor`
  let device: String
}

enum MountTable {
  static let type = "fuse.p2pfs"
  private static let bytesMax = 64 << 20

  /// The last one counts: it lies over the others.
  static func mounted(at path: String) -> MountedRow? { places().last { $0.path == path } }

  static func isOurs(_ path: String) -> Bool { mounted(at: path)?.type == type }

  static func places() -> [MountedRow] {
    guard let bytes = try? SmallFile.bytes(at: "/proc/self/mountinfo", max: bytesMax) else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap(place)
  }

  /// `36 35 98:0 /root /mnt/point opts opt:1 - type source superopts`; blanks in names are `\040`.
  static func place(_ line: some Sequence<UInt8>) -> MountedRow? {
    let fields = Array(line).split(separator: UInt8(ascii: " "))
    guard fields.count > 6, let dash = fields[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }),
      dash + 2 < fields.endIndex
    else { return nil }
    return MountedRow(
      path: plain(fields[4]), type: plain(fields[dash + 1]), source: plain(fields[dash + 2]),
      device: plain(fields[2]))
  }

  private static func plain(_ field: ArraySlice<UInt8>) -> String {
    var bytes: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      guard byte == UInt8(ascii: "\\"), digits.count == 3,
        let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      else {
        bytes.append(byte)
        continue
      }
      bytes.append(code)
      rest.removeFirst(3)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
