import CBytes

/// Finds members in a JSON text without parsing what lies between them.
///
/// Raw bytes `"name":` can only be a member's name: inside a string the quotes would be escaped. At which depth it
/// stands is not known, and an escaped name is not found. For texts of which only few members matter, and often.
public struct JSONMemberSearch {
    private let base: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private let letters: UInt32
    private var p: UnsafePointer<UInt8>

    /// Looks for names that begin with one of four letters.
    public init(_ bytes: UnsafeRawBufferPointer, beginning first: (UInt8, UInt8, UInt8, UInt8)) {
        let raw = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped  // empty: never read
        base = raw.assumingMemoryBound(to: UInt8.self)
        end = base + bytes.count
        letters = UInt32(first.0) | UInt32(first.1) << 8 | UInt32(first.2) << 16 | UInt32(first.3) << 24
        p = base
    }

    /// The letter after the next quote that has one of the four behind it. Nil: there is none.
    public mutating func next() -> UInt8? {
        guard let quote = cjson_quote_before(p, end, letters), quote < end else { return nil }
        p = quote + 1
        return p.pointee
    }

    /// Goes on behind `offset`.
    public mutating func pass(to offset: Int) { p = base + offset }

    /// The offset of the value, if the member found is `name`, and its value not `null`.
    public func value(of name: StaticString) -> Int? {
        let count = name.utf8CodeUnitCount
        guard end - p > count + 1, p[count] == UInt8(ascii: "\"") else { return nil }
        for i in 0..<count where p[i] != name.utf8Start[i] { return nil }
        var q = space(p + count + 1)
        guard q < end, q.pointee == UInt8(ascii: ":") else { return nil }
        q = space(q + 1)
        return q < end && q.pointee != UInt8(ascii: "n") ? q - base : nil
    }

    private func space(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var q = start
        while q < end, q.pointee <= 0x20 { q += 1 }
        return q
    }
}
