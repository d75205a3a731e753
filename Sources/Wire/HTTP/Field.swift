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
        name = base + start
        nameCount = colon &- start
        // Nearly always: one space before the value, none behind it.
        let from = colon &+ 2
        if from < end, base[colon &+ 1] == .space, base[from] > .space, base[end &- 1] > .space {
            value = Part(from, end)
        } else {
            value = Self.trimmed(base, colon &+ 1, end)
        }
    }

    @inline(never) private static func trimmed(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Part {
        var from = start
        var to = end
        while from < to, base[from].isBlank { from &+= 1 }
        while to > from, base[to &- 1].isBlank { to &-= 1 }
        return Part(from, to)
    }

    @inline(never)
    private static func withoutColon(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> HeadProblem {
        if base[start].isBlank { return HeadProblem(.fold, at: start) }
        return HeadProblem(.noColon, at: end)
    }

    /// Whether the name, which is as long, is `known`. See `begins`.
    @inline(__always) func matches(_ known: StaticString) -> Bool { name.begins(known) }

    /// Checks a name that is none of the known ones. Bytes before `readable` may be looked at.
    @inline(__always) func checkName(_ base: UnsafePointer<UInt8>, readable: Int) throws(HeadProblem) {
        if cbytes_plain_name(name, name + nameCount, base + readable) == 0 { try checkRareName(at: name - base) }
    }

    @inline(never) private func checkRareName(at start: Int) throws(HeadProblem) {
        let valid = cbytes_run(name, name + nameCount, UInt8(cbytes_token)) - name
        if valid == nameCount, valid > 0 { return }
        if nameCount == 0 { throw HeadProblem(.emptyName, at: start) }
        if valid == 0, name[0].isBlank { throw HeadProblem(.fold, at: start) }
        if (valid..<nameCount).allSatisfy({ name[$0].isBlank }) { throw HeadProblem(.spaceBeforeColon, at: start + valid) }
        throw HeadProblem(.name, at: start + valid)
    }
}
