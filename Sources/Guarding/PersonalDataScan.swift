/// One text on its way through the detectors: one pass over its bytes, which stops at what may begin something. Every look around is
/// bounded (a local part 64 bytes, a host name 255, a run of numbers 24 groups, a name 5 words …), so no text makes it slow.
struct PersonalDataScan {
    /// Of a text that comes in pieces: bytes that one look waits for at most. What is longer is judged by them.
    static let furthest = 4096

    /// As far as it is there.
    private(set) var text: UnsafeBufferPointer<UInt8>
    var findings: [PersonalData.Finding] = []
    var cues = CueTrail()
    let table = CueTable.shared
    /// Up to here no JSON Web Token begins.
    var refusedToken = 0
    /// Up to here everything is decided.
    private(set) var index = 0
    /// Of a text that comes in pieces: nothing else will be found that begins before this place.
    private(set) var settled = 0
    /// Whether a look wanted to see what stands behind the text's end.
    let edge: UnsafeMutablePointer<Bool>

    init(_ text: UnsafeBufferPointer<UInt8>, edge: UnsafeMutablePointer<Bool>) { (self.text, self.edge) = (text, edge) }

    mutating func run() -> [PersonalData.Finding] {
        ByteKind.table.withUnsafeBufferPointer { kinds in
            while index < text.count { index = step(kinds) }
        }
        return findings
    }

    /// Goes on in a text that has become longer, as far as what is still to come can change nothing.
    mutating func advance(in whole: UnsafeBufferPointer<UInt8>) {
        ByteKind.table.withUnsafeBufferPointer { kinds in
            while index < whole.count {
                let isFar = whole.count - index >= Self.furthest
                text = UnsafeBufferPointer(rebasing: whole.prefix(isFar ? index + Self.furthest : whole.count))
                edge.pointee = false
                let (cues, token, count) = (cues, refusedToken, findings.count)
                let next = step(kinds)
                if edge.pointee, !isFar {
                    (self.cues, refusedToken) = (cues, token)
                    findings.removeLast(findings.count - count)
                    break
                }
                index = next
            }
        }
        text = whole
        settled = earliest
        text = UnsafeBufferPointer(rebasing: whole.prefix(0))
    }

    /// Where something may begin that is found only further on: the local part of an address before its `@`, the number of a house and
    /// capitalised words before a street.
    private var earliest: Int {
        var local = index
        while local > 0, index - local < 64, Self.isLocal(text[local - 1]) { local -= 1 }
        var first = index
        for _ in 0..<6 {
            guard let before = wordStart(before: first),
                isCapital(before) || text[before].isDigit || starts("bis", at: before) || starts("ter", at: before)
            else { break }
            first = before
        }
        return min(local, first)
    }

    /// The text is over.
    mutating func finish(in whole: UnsafeBufferPointer<UInt8>) {
        ByteKind.table.withUnsafeBufferPointer { kinds in
            while index < whole.count {
                text = UnsafeBufferPointer(rebasing: whole.prefix(index + Self.furthest))
                index = step(kinds)
            }
        }
        settled = whole.count
        text = UnsafeBufferPointer(rebasing: whole.prefix(0))
    }

    private mutating func step(_ kinds: UnsafeBufferPointer<ByteKind>) -> Int {
        switch kinds[Int(text[index])] {
        case .other: return index + 1
        case .letter: return word(at: index)
        case .digit, .opening: return number(at: index)
        case .at: return email(at: index)
        case .dash: return pem(at: index) ?? index + 1
        case .colon: return colon(at: index)
        case .newline:
            cues.forgetPhrase()
            return index + 1
        }
    }

    /// The first `count` bytes of the text are gone.
    mutating func forget(_ count: Int) {
        index -= count
        settled -= count
        refusedToken -= count
        cues.forget(count)
    }

    /// Whether a byte stands there. Who asks beyond the end might be told otherwise later.
    @inline(__always) func has(_ index: Int) -> Bool {
        if index < text.count { return true }
        edge.pointee = true
        return false
    }

    mutating func found(_ kind: PersonalData.Kind, _ range: Range<Int>, _ confidence: Double) {
        findings.append(.init(kind: kind, range: range, confidence: confidence))
    }

    /// 0 outside the text.
    func byte(_ index: Int) -> UInt8 { index >= 0 && has(index) ? text[index] : 0 }

    /// From `index` on, byte for byte.
    func starts(_ expected: StaticString, at index: Int) -> Bool {
        guard index >= 0 else { return false }
        for place in 0..<expected.utf8CodeUnitCount {
            guard has(index + place), text[index + place] == expected.utf8Start[place] else { return false }
        }
        return true
    }

    // MARK: E-mail

    /// RFC 5321 as far as people use it: no quoted local part, no address literal. At `@`.
    private mutating func email(at sign: Int) -> Int {
        var start = sign
        while start > 0, sign - start < 64, Self.isLocal(text[start - 1]) { start -= 1 }
        while start < sign, !text[start].isAlphanumeric, text[start] < 0x80 { start += 1 }
        guard start < sign, text[sign - 1] != UInt8(ascii: "."), let end = host(from: sign + 1) else { return sign + 1 }
        found(.email, start..<end, 0.95)
        return end
    }

    private static func isLocal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "%"), UInt8(ascii: "'"),
            UInt8(ascii: "&"), UInt8(ascii: "~"):
            true
        default: byte.isAlphanumeric || byte >= 0x80
        }
    }

    /// The end of a host name with a top level of two letters or more.
    func host(from start: Int) -> Int? {
        var index = start
        var label = start
        var (end, labels) = (start, 0)
        while has(index), index - start <= 255 {
            let byte = text[index]
            if byte.isAlphanumeric || byte >= 0x80 || byte == UInt8(ascii: "-") && index > label {
                index += 1
                continue
            }
            guard index > label else { break }
            labels += 1
            end = index
            guard byte == UInt8(ascii: "."), has(index + 1), text[index + 1].isAlphanumeric || text[index + 1] >= 0x80 else { break }
            index += 1
            label = index
        }
        if index == text.count || index - start > 255, index > label { (labels, end) = (labels + 1, index) }
        // The top level: the last label, of letters or punycode.
        var top = end
        while top > start, text[top - 1] != UInt8(ascii: ".") { top -= 1 }
        while end > top, text[end - 1] == UInt8(ascii: "-") { end -= 1 }
        let isTop = end - top >= 2 && (text[top..<end].allSatisfy { $0.isLetter || $0 >= 0x80 } || starts("xn--", at: top))
        return labels >= 2 && isTop ? end : nil
    }

    // MARK: Colons

    /// `://user:password@host`, or `::` that begins an address.
    private mutating func colon(at index: Int) -> Int {
        if starts("://", at: index) { return credentials(at: index + 3) }
        if byte(index + 1) == UInt8(ascii: ":"), byte(index + 2).isHex, !byte(index - 1).isAlphanumeric, let end = ipV6(at: index) { return end }
        return index + 1
    }

    private mutating func credentials(at start: Int) -> Int {
        var index = start
        var colon: Int?
        while has(index), index - start < 256 {
            switch text[index] {
            case UInt8(ascii: "@"):
                guard let colon, index > colon + 1 else { return start }
                found(.secret, colon + 1..<index, 0.9)
                return index + 1
            case UInt8(ascii: ":"): colon = colon ?? index
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), 0...0x20:
                return start
            default: break
            }
            index += 1
        }
        return start
    }
}

/// What a byte may begin.
enum ByteKind: UInt8 {
    case other, letter, digit, opening, at, dash, colon, newline

    static let table: [ByteKind] = (0...255).map { value in
        switch UInt8(value) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...: .letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
        case UInt8(ascii: "+"), UInt8(ascii: "("): .opening
        case UInt8(ascii: "@"): .at
        case UInt8(ascii: "-"): .dash
        case UInt8(ascii: ":"): .colon
        case UInt8(ascii: "\n"): .newline
        default: .other
        }
    }
}

extension UInt8 {
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    @inline(__always) var isUpper: Bool { self &- 0x41 < 26 }
    @inline(__always) var isLower: Bool { self &- 0x61 < 26 }
    @inline(__always) var isAlphanumeric: Bool { isDigit || isLetter }
    @inline(__always) var isHex: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
    /// Of a digit.
    @inline(__always) var value: UInt8 { self &- 0x30 }
}
