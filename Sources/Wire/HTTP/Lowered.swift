/// Comparison in any case with texts known when this is compiled.
///
/// A text is compared in words of eight bytes. Setting bit 5 of each byte lowers letters, and leaves digits and `-/:+` as they
/// are. It also maps control bytes to those, but a head's lines have none, except tabs, which become `)`.
extension UnsafeRawBufferPointer {
    /// Whether a head's name or value, without tabs, is `known`, which is as for `begins`: in lower case, at least four long, and of
    /// letters, digits and `-/:+`.
    @inlinable @inline(__always) public func isLowered(_ known: StaticString) -> Bool { count == known.utf8CodeUnitCount && beginsLowered(known) }

    /// Whether it begins with `known`.
    @inlinable @inline(__always) public func beginsLowered(_ known: StaticString) -> Bool {
        guard count >= known.utf8CodeUnitCount, let base = baseAddress else { return false }
        return base.assumingMemoryBound(to: UInt8.self).begins(known)
    }
}

extension UnsafePointer<UInt8> {
    /// Whether the first bytes are `known`, which is in lower case, at least four long, and of letters, digits and `-/:+`.
    @inlinable @inline(__always) func begins(_ known: StaticString) -> Bool {
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

    @inlinable @inline(__always) static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) | 0x2020_2020_2020_2020
    }

    @inlinable @inline(__always) static func half(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) | 0x2020_2020
    }
}
