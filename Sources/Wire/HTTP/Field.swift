import CBytes

/// One field line: a name, still in the client's own case, and where its value stands without the blanks around it.
struct Field {
    let name: UnsafePointer<UInt8>
    let nameCount: Int
    let value: Part

    /// Splits a line. The name is not checked: one that `matches` is right, any other has to pass `checkName`.
    @inline(__always)
    init(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, readable: Int) throws(HeadProblem) {
        let colon = cbytes_colon(base + start, base + end, base + readable) - base
        guard colon < end else { throw Self.withoutColon(base, start, end) }
        var from = colon &+ 1
        var to = end
        while from < to, base[from].isBlank { from &+= 1 }
        while to > from, base[to &- 1].isBlank { to &-= 1 }
        name = base + start
        nameCount = colon &- start
        value = Part(from, to)
    }

    @inline(never)
    private static func withoutColon(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> HeadProblem {
        if base[start].isBlank { return HeadProblem(.fold, at: start) }
        return HeadProblem(.noColon, at: end)
    }

    /// Whether the name is `known`, which is in lower case, has letters and hyphens only, is at least four bytes long, and as
    /// long as the name.
    ///
    /// Setting bit 5 lowers letters. It also maps control bytes to hyphens, of which a line has none but tabs.
    @inline(__always) func matches(_ known: StaticString) -> Bool {
        let count = known.utf8CodeUnitCount
        let bytes = UnsafeRawPointer(name), wanted = UnsafeRawPointer(known.utf8Start)
        if count < 8 {
            return (Self.half(bytes, 0) | 0x2020_2020) == Self.half(wanted, 0)
                && (Self.half(bytes, count &- 4) | 0x2020_2020) == Self.half(wanted, count &- 4)
        }
        let lower: UInt64 = 0x2020_2020_2020_2020
        return (Self.word(bytes, 0) | lower) == Self.word(wanted, 0)
            && (count <= 16 || (Self.word(bytes, 8) | lower) == Self.word(wanted, 8))
            && (Self.word(bytes, count &- 8) | lower) == Self.word(wanted, count &- 8)
    }

    @inline(__always) private static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always) private static func half(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// Checks a name that is none of the known ones.
    @inline(never) func checkName(at start: Int) throws(HeadProblem) {
        let valid = cbytes_run(name, name + nameCount, UInt8(cbytes_token)) - name
        if valid == nameCount, valid > 0 { return }
        if nameCount == 0 { throw HeadProblem(.emptyName, at: start) }
        if valid == 0, name[0].isBlank { throw HeadProblem(.fold, at: start) }
        if (valid..<nameCount).allSatisfy({ name[$0].isBlank }) { throw HeadProblem(.spaceBeforeColon, at: start + valid) }
        throw HeadProblem(.name, at: start + valid)
    }
}

extension UnsafePointer<UInt8> {
    /// Whether the part has the text `known`, which is in lower case, in any case.
    @inline(__always) func equals(_ part: Part, _ known: StaticString) -> Bool {
        guard Int(part.count) == known.utf8CodeUnitCount else { return false }
        return startsLower(part, known)
    }

    /// Whether the part, which is at least as long, begins with `known` in any case.
    @inline(__always) func startsLower(_ part: Part, _ known: StaticString) -> Bool {
        let bytes = self + Int(part.start), wanted = known.utf8Start
        for index in 0..<known.utf8CodeUnitCount {
            let byte = bytes[index]
            let lowered = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if lowered != wanted[index] { return false }
        }
        return true
    }
}
