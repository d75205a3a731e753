/// Comparison in any case with texts known when this is compiled.
///
/// A text is compared in words of eight bytes. Setting bit 5 of each byte lowers letters, and leaves digits and `-/:+` as they
/// are. It also maps control bytes to those, but a head's lines have none, except tabs, which become `)`.
extension UnsafePointer<UInt8> {
    /// Whether the first bytes are `known`, which is in lower case, at least four long, and of letters, digits and `-/:+`.
    @inline(__always) func begins(_ known: StaticString) -> Bool {
        let count = known.utf8CodeUnitCount
        let bytes = UnsafeRawPointer(self), wanted = UnsafeRawPointer(known.utf8Start)
        if count < 8 {
            return Self.half(bytes, 0) == Self.half(wanted, 0) && Self.half(bytes, count &- 4) == Self.half(wanted, count &- 4)
        }
        return Self.word(bytes, 0) == Self.word(wanted, 0)
            && (count <= 16 || Self.word(bytes, 8) == Self.word(wanted, 8))
            && Self.word(bytes, count &- 8) == Self.word(wanted, count &- 8)
    }

    /// Whether all of the part is `known`, which is as for `begins` and at most 24 long.
    @inline(__always) func equals(_ part: Part, _ known: StaticString) -> Bool {
        Int(part.count) == known.utf8CodeUnitCount && (self + Int(part.start)).begins(known)
    }

    @inline(__always) private static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) | 0x2020_2020_2020_2020
    }

    @inline(__always) private static func half(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) | 0x2020_2020
    }
}
