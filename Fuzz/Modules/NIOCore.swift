/// As much of NIO's buffer as the sources under test name.
public struct ByteBuffer: Sendable {
    public init() {}
    public var readableBytes: Int { 0 }
    public mutating func reserveCapacity(minimumWritableBytes: Int) {}
    public mutating func writeBytes(_ bytes: some Sequence<UInt8>) {}
    public mutating func writeBytes(_ bytes: UnsafeRawBufferPointer) {}
    public func withUnsafeReadableBytes<Result>(_ read: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try read(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    public mutating func writeString(_ text: String) {}
    public mutating func writeStaticString(_ text: StaticString) {}
}
