// Everything that goes over the loopback device from or to some ports, as somebody on the wire would see it. For root.

import Foundation

/// ## Concurrency model
/// A thread reads; what it has read is under `lock`.
final class LoopbackCapture: @unchecked Sendable {
  static let isPossible = geteuid() == 0

  private static let packetFamily: Int32 = 17
  private static let packetLevel: Int32 = 263
  private static let everyProtocol = UInt16(0x0003).bigEndian
  private static let attachFilter: Int32 = 26
  private static let receiveBufferForce: Int32 = 33
  private static let packetStatistics: Int32 = 6
  /// As packet(7) marks what leaves; on loopback all of it comes in too.
  private static let outgoing: UInt8 = 4

  private let descriptor: Int32
  private let lock = NSLock()
  private var streams: [[UInt8]: Data] = [:]

  init?(ports: [UInt16]) {
    descriptor = socket(
      Self.packetFamily, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(Self.everyProtocol))
    var room: Int32 = 256 << 20
    setsockopt(descriptor, SOL_SOCKET, Self.receiveBufferForce, &room, socklen_t(MemoryLayout<Int32>.size))
    var patience = timeval(tv_sec: 0, tv_usec: 100_000)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    guard descriptor >= 0, filter(ports), bindToLoopback() else { return nil }
    Thread.detachNewThread { [weak self, descriptor] in
      var buffer = [UInt8](repeating: 0, count: 128 << 10)
      var address = [UInt8](repeating: 0, count: 20)
      while let self {
        var size = socklen_t(address.count)
        let count = address.withUnsafeMutableBytes { address in
          recvfrom(
            descriptor, &buffer, buffer.count, 0, address.baseAddress!.assumingMemoryBound(to: sockaddr.self),
            &size)
        }
        if count > 0, address[10] != Self.outgoing { keep(buffer[..<count]) }
        if count < 0, errno == EBADF { return }
      }
    }
  }

  deinit { close(descriptor) }

  /// The payloads, one stream after the other: what was cut in two by a packet's end is whole in them.
  var heard: [Data] { lock.withLock { Array(streams.values) } }

  func hears(_ text: String) -> Bool {
    let bytes = Data(text.utf8)
    return heard.contains { $0.range(of: bytes) != nil }
  }

  /// Packets for which there was no room.
  var lost: UInt32 {
    var counts: (all: UInt32, lost: UInt32) = (0, 0)
    var size = socklen_t(MemoryLayout.size(ofValue: counts))
    getsockopt(descriptor, Self.packetLevel, Self.packetStatistics, &counts, &size)
    return counts.lost
  }

  private func keep(_ packet: ArraySlice<UInt8>) {
    let ip = 14
    let tcp = ip + Int(packet[ip] & 15) * 4
    guard packet.count > tcp + 20 else { return }
    let end = min(packet.count, ip + max(Int(packet[ip + 2]) << 8 | Int(packet[ip + 3]), 40))
    let payload = tcp + Int(packet[tcp + 12] >> 4) * 4
    guard payload < end else { return }
    lock.withLock {
      streams[Array(packet[tcp..<tcp + 4]), default: Data()].append(contentsOf: packet[payload..<end])
    }
  }

  private func bindToLoopback() -> Bool {
    var address = [UInt8](repeating: 0, count: 20)
    address.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: UInt16(Self.packetFamily), as: UInt16.self)
      bytes.storeBytes(of: Self.everyProtocol, toByteOffset: 2, as: UInt16.self)
      bytes.storeBytes(of: Int32(if_nametoindex("lo")), toByteOffset: 4, as: Int32.self)
    }
    return address.withUnsafeBytes {
      bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 20) == 0
    }
  }

  /// A program for the kernel, of bpf(4)'s instructions: IPv4 and TCP, from or to one of the ports.
  private func filter(_ ports: [UInt16]) -> Bool {
    struct Instruction {
      var code: UInt16
      var yes: UInt8 = 0
      var no: UInt8 = 0
      var value: UInt32 = 0
    }
    struct Program {
      var count: UInt16
      var instructions: UnsafeMutablePointer<Instruction>?
    }
    let count = ports.count
    // Where to go on, counted from the instruction after; the last two accept and reject.
    func test(_ index: Int) -> [Instruction] {
      ports.enumerated().map { number, port in
        Instruction(code: 0x15, yes: UInt8(index * (count + 1) + count - number), value: UInt32(port))
      }
    }
    let rest = UInt8(2 * count + 3)
    var program =
      [
        Instruction(code: 0x28, value: 12), Instruction(code: 0x15, no: rest + 2, value: 0x800),
        Instruction(code: 0x30, value: 23), Instruction(code: 0x15, no: rest, value: 6),
        Instruction(code: 0xB1, value: 14),
      ]
      + [Instruction(code: 0x48, value: 14)] + test(1) + [Instruction(code: 0x48, value: 16)] + test(0)
      + [Instruction(code: 0x06, value: 0), Instruction(code: 0x06, value: 262_144)]
    return program.withUnsafeMutableBufferPointer { instructions in
      var whole = Program(count: UInt16(instructions.count), instructions: instructions.baseAddress)
      return setsockopt(
        descriptor, SOL_SOCKET, Self.attachFilter, &whole, socklen_t(MemoryLayout<Program>.size)) == 0
    }
  }
}
