/// A decision in a row of the ledger, as `Decision.encoded` writes it. Most have some forty bytes and stay in the row itself: rows are
/// made by the ten thousand on one thread and let go on another, where an array would be the dearest part of them.
public struct DecisionBytes: Hashable, Sendable {
    /// Unused ones are zero.
    private struct Words: Hashable, Sendable {
        var a: UInt64 = 0, b: UInt64 = 0, c: UInt64 = 0, d: UInt64 = 0, e: UInt64 = 0, f: UInt64 = 0, g: UInt64 = 0, h: UInt64 = 0
    }

    private static let most = MemoryLayout<Words>.size

    private var words = Words()
    private var few: UInt8 = 0
    /// Where there are more than fit into `words`.
    private var long: [UInt8] = []

    /// None.
    public init() {}

    public init(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Self.most else {
            long = Array(bytes)
            return
        }
        few = UInt8(bytes.count)
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    public init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { DecisionBytes($0) } }

    public var count: Int { long.isEmpty ? Int(few) : long.count }
    public var isEmpty: Bool { count == 0 }

    /// Of at most `mostShort` bytes.
    var isShort: Bool { long.isEmpty }
    static var mostShort: Int { most }

    /// Writes a short one to `mostShort` bytes of room, and says how many of them it has.
    func copyShort(to room: UnsafeMutableRawPointer) -> Int {
        room.storeBytes(of: words, as: Words.self)
        return Int(few)
    }

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        if !long.isEmpty { return try long.withUnsafeBytes(body) }
        return try withUnsafeBytes(of: words) { try body(UnsafeRawBufferPointer(rebasing: $0[..<Int(few)])) }
    }

    public var array: [UInt8] { withBytes { Array($0) } }
}
