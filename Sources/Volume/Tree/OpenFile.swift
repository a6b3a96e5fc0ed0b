// One opened file. Reading asks what is here first and fetches the rest; writing goes to a draft; closing publishes.

package final class OpenFile: Sendable {
  package let node: NodeNumber

  init(node: NodeNumber) { self.node = node }

  package enum Outcome: Sendable {
    /// All that was asked for, or up to the file's end.
    case read(Int)
    /// Some of it is not here: see `bring`.
    case missing
    case failed(TreeError)
  }

  /// Never waits for the network.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Outcome {
    .failed(.badHandle)
  }

  /// Fetches what is missing of these bytes; `then` is called once, on the swarm's thread, where it must not wait.
  /// Read again then. The handle calls it off.
  package func bring(_ bytes: Range<Int>, then: @escaping @Sendable (TreeError?) -> Void) -> Bringing {
    Bringing()
  }

  /// Of an appending handle the offset is the file's end, whatever is said. May be `missingBase`: bring that, and
  /// write again.
  package func write(_ bytes: RawSpan, at offset: Int, isFromPageCache: Bool) -> Written {
    .failed(.badHandle)
  }

  package enum Written: Sendable {
    case written
    /// Bytes of the version that is being changed have to be here first.
    case needs(Range<Int>)
    case failed(TreeError)
  }

  /// A `close`. Publishes if `processID` is that of the process that opened it and there is something to publish;
  /// waits for the tracker, two seconds at most.
  package func flush(by processID: Int32, for caller: Caller) throws(TreeError) {}

  /// The last `close`; what is left is published.
  package func release(for caller: Caller) {}

  /// Durable here.
  package func synchronize(for caller: Caller) throws(TreeError) {}

  package func allocate(
    _ bytes: Range<Int>, keepingSize: Bool, punching: Bool, zeroing: Bool, for caller: Caller
  ) throws(TreeError) {}

  /// A descriptor of the whole, verified content in our own cache, which stays so until the handle is released; nil
  /// where there is none, or where somebody writes.
  package func wholeFileDescriptor() -> Int32? { nil }
}

/// Something that is being fetched for one who waits.
package final class Bringing: Sendable {
  package func cancel() {}
}

/// One opened control file.
package final class OpenControl: Sendable {
  /// As it was when it was opened.
  package let text: [UInt8]
  private let file: any ControlFile

  init(_ file: any ControlFile, text: [UInt8]) {
    self.file = file
    self.text = text
  }

  /// Whole lines are carried out at once, what is left at `flush`.
  package func write(_ bytes: [UInt8], for caller: Caller) throws(TreeError) {}

  package func flush(for caller: Caller) throws(TreeError) {}
}
