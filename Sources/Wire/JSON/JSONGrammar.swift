import CBytes

@usableFromInline typealias Bytes = UnsafePointer<UInt8>

/// The rules of RFC 8259: each function takes the first byte of something and answers the byte after it.
///
/// Positions travel as arguments and results, so that they stay in registers.
@usableFromInline @frozen struct JSONGrammar {
    @usableFromInline let base: Bytes
    @usableFromInline let end: Bytes

    @inlinable init(base: Bytes, end: Bytes) {
        self.base = base
        self.end = end
    }

    @inlinable @inline(__always) func problem(_ reason: JSONProblem.Reason, _ at: Bytes) -> JSONProblem {
        JSONProblem(at < end ? reason : .cut, at: at - base)
    }

    /// `p` is returned at `end` too; callers compare.
    @inlinable @inline(__always) func space(_ p: Bytes) -> Bytes {
        guard p < end, p.pointee <= 0x20 else { return p }
        return longSpace(p)
    }

    /// Most often it is one blank.
    @usableFromInline func longSpace(_ start: Bytes) -> Bytes {
        var p = start
        if p.pointee == 0x20, p + 1 < end, p[1] > 0x20 { return p + 1 }
        while p < end, p.pointee == 0x20 || p.pointee == 0x0a || p.pointee == 0x0d || p.pointee == 0x09 { p += 1 }
        return p
    }

    /// `p` is the byte after the opening quote; answers the closing quote.
    @inlinable @inline(__always) func string(_ p: Bytes, _ escaped: inout Bool) throws(JSONProblem) -> Bytes {
        let ended = cjson_string(p, end)
        guard Int(ended.status) == cjson_closed else { throw stringProblem(ended) }
        escaped = ended.escaped != 0
        return ended.at
    }

    @usableFromInline func stringProblem(_ ended: cjson_string_end) -> JSONProblem {
        let offset = ended.at - base
        switch Int(ended.status) {
        case cjson_control: return JSONProblem(.control, at: offset)
        case cjson_escape: return JSONProblem(.escape, at: offset)
        case cjson_hex: return JSONProblem(.hex, at: offset)
        case cjson_utf8: return JSONProblem(.utf8, at: offset)
        default: return JSONProblem(.cut, at: offset)
        }
    }

    /// A whole value. `depth` is how many more objects and arrays may open.
    @usableFromInline func value(_ p: Bytes, _ depth: Int) throws(JSONProblem) -> Bytes {
        guard p < end else { throw problem(.value, p) }
        switch p.pointee {
        case UInt8(ascii: "\""):
            var escaped = false
            return try string(p + 1, &escaped) + 1
        case UInt8(ascii: "{"): return try object(p, depth)
        case UInt8(ascii: "["): return try array(p, depth)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(p)
        case UInt8(ascii: "t"): return try literal(p, "true")
        case UInt8(ascii: "f"): return try literal(p, "false")
        case UInt8(ascii: "n"): return try literal(p, "null")
        default: throw problem(.value, p)
        }
    }

    func object(_ start: Bytes, _ depth: Int) throws(JSONProblem) -> Bytes {
        guard depth > 0 else { throw problem(.depth, start) }
        var escaped = false
        var p = space(start + 1)
        if p < end, p.pointee == UInt8(ascii: "}") { return p + 1 }
        while true {
            p = try colon(try key(p, &escaped) + 1)
            p = space(try value(p, depth &- 1))
            guard p < end else { throw problem(.commaOrEnd, p) }
            if p.pointee == UInt8(ascii: "}") { return p + 1 }
            guard p.pointee == UInt8(ascii: ",") else { throw problem(.commaOrEnd, p) }
            p = space(p + 1)
        }
    }

    /// `p` is where the opening quote should be; answers the closing quote.
    @inlinable @inline(__always) func key(_ p: Bytes, _ escaped: inout Bool) throws(JSONProblem) -> Bytes {
        guard p < end, p.pointee == UInt8(ascii: "\"") else { throw problem(.key, p) }
        return try string(p + 1, &escaped)
    }

    /// From behind a key to the first byte of its value.
    @inlinable @inline(__always) func colon(_ after: Bytes) throws(JSONProblem) -> Bytes {
        let p = space(after)
        guard p < end, p.pointee == UInt8(ascii: ":") else { throw problem(.colon, p) }
        return space(p + 1)
    }

    func array(_ start: Bytes, _ depth: Int) throws(JSONProblem) -> Bytes {
        guard depth > 0 else { throw problem(.depth, start) }
        var p = space(start + 1)
        if p < end, p.pointee == UInt8(ascii: "]") { return p + 1 }
        while true {
            p = space(try value(p, depth &- 1))
            guard p < end else { throw problem(.commaOrEnd, p) }
            if p.pointee == UInt8(ascii: "]") { return p + 1 }
            guard p.pointee == UInt8(ascii: ",") else { throw problem(.commaOrEnd, p) }
            p = space(p + 1)
        }
    }

    @usableFromInline func number(_ start: Bytes) throws(JSONProblem) -> Bytes {
        var p = start
        if p.pointee == UInt8(ascii: "-") { p += 1 }
        if p < end, p.pointee == UInt8(ascii: "0") { p += 1 } else { p = try digits(p) }
        if p < end, p.pointee == UInt8(ascii: ".") { p = try digits(p + 1) }
        if p < end, p.pointee | 0x20 == UInt8(ascii: "e") {
            p += 1
            if p < end, p.pointee == UInt8(ascii: "+") || p.pointee == UInt8(ascii: "-") { p += 1 }
            p = try digits(p)
        }
        return p
    }

    /// At least one digit.
    @inline(__always) private func digits(_ start: Bytes) throws(JSONProblem) -> Bytes {
        var p = start
        while p < end, p.pointee &- 0x30 < 10 { p += 1 }
        guard p > start else { throw problem(.number, p) }
        return p
    }

    @usableFromInline func literal(_ start: Bytes, _ word: StaticString) throws(JSONProblem) -> Bytes {
        for i in 0..<word.utf8CodeUnitCount {
            guard start + i < end, start[i] == word.utf8Start[i] else { throw problem(.literal, start + i) }
        }
        return start + word.utf8CodeUnitCount
    }
}
