/// Where a part of a head stands in the bytes that the head was parsed from.
public struct Part: Hashable, Sendable {
    /// Negative when the part is absent, which is not the same as empty.
    public var start: Int32
    public var count: Int32

    public static let absent = Part(start: -1, count: 0)

    @inline(__always) init(start: Int32, count: Int32) {
        self.start = start
        self.count = count
    }

    @inline(__always) init(_ start: Int, _ end: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        count = Int32(truncatingIfNeeded: end &- start)
    }

    @inline(__always) public var isPresent: Bool { start >= 0 }

    @inline(__always) public var range: Range<Int> { isPresent ? Int(start)..<Int(start) + Int(count) : 0..<0 }

    /// Nothing when the part is absent. `head` begins with the head's first byte.
    @inline(__always) public func bytes(in head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: head[range])
    }
}
