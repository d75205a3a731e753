import CBytes

/// Reads `METHOD target HTTP/1.x`, with exactly one space twice.
struct RequestLine {
    let base: UnsafePointer<UInt8>
    let start: Int
    let end: Int

    func read(into head: inout RequestHead, limits: HeadLimits) throws(HeadProblem) {
        let targetAt = try method(into: &head)
        let targetEnd: Int
        if base[targetAt] == UInt8(ascii: "/") {
            targetEnd = try pathAndQuery(from: targetAt, into: &head)
        } else {
            targetEnd = try otherForm(from: targetAt, into: &head)
        }
        head.target = Part(targetAt, targetEnd)
        head.minorVersion = try version(behind: targetEnd)
        if targetEnd - targetAt > limits.target { throw HeadProblem(.targetTooLong, at: targetAt + limits.target) }
    }

    /// Where the target begins.
    @inline(__always) private func method(into head: inout RequestHead) throws(HeadProblem) -> Int {
        if end &- start > 8 {
            let word = UnsafeRawPointer(base + start).loadUnaligned(as: UInt32.self)
            if word == UInt32(ascii: "POST"), base[start &+ 4] == .space {
                head.method = .post
                return start &+ 5
            }
            if word == UInt32(ascii: "GET ") {
                head.method = .get
                return start &+ 4
            }
        }
        return try otherMethod(into: &head)
    }

    @inline(never) private func otherMethod(into head: inout RequestHead) throws(HeadProblem) -> Int {
        let stop = cbytes_run(base + start, base + end, UInt8(cbytes_token)) - base
        guard stop < end, stop > start else { throw HeadProblem(stop < end ? .methodToken : .requestLine, at: stop) }
        guard base[stop] == .space else { throw HeadProblem(base[stop] == .tab ? .requestLine : .methodToken, at: stop) }
        if isWhole("PRI * HTTP/2.0", from: start) { throw HeadProblem(.http2, at: start) }
        for method in Method.allCases where stop - start == method.name.utf8CodeUnitCount && begins(method.name, at: start) {
            head.method = method
            guard stop + 1 < end else { throw HeadProblem(.requestLine, at: end) }
            return stop + 1
        }
        throw HeadProblem(.method, at: start)
    }

    /// The first byte that is neither path nor query, after percent-encodings were checked.
    private func pathAndQuery(from start: Int, into head: inout RequestHead) throws(HeadProblem) -> Int {
        var at = start
        var question = -1
        while true {
            at = cbytes_run(base + at, base + end, UInt8(cbytes_path)) - base
            guard at < end else { break }
            if base[at] == UInt8(ascii: "?") {
                if question < 0 { question = at }
                at &+= 1
            } else if base[at] == UInt8(ascii: "%") {
                guard end &- at > 2, base[at &+ 1].isHex, base[at &+ 2].isHex else { throw HeadProblem(.target, at: at) }
                at &+= 3
            } else {
                break
            }
        }
        head.path = Part(start, question < 0 ? at : question)
        if question >= 0 { head.query = Part(question &+ 1, at) }
        return at
    }

    /// `*` for OPTIONS, or `http://host/path`, whose host goes to `head.host` for comparison.
    @inline(never) private func otherForm(from start: Int, into head: inout RequestHead) throws(HeadProblem) -> Int {
        if base[start] == UInt8(ascii: "*"), start + 1 < end, base[start + 1] == .space {
            guard head.method == .options else { throw HeadProblem(.targetForm, at: start) }
            head.path = Part(start + 1, start + 1)
            return start + 1
        }
        let scheme: Int
        if end - start > 7, (base + start).begins("http://") {
            scheme = 7
        } else if end - start > 8, (base + start).begins("https://") {
            scheme = 8
        } else {
            throw HeadProblem(base[start].isBlank ? .requestLine : .targetForm, at: start)
        }
        var stop = start + scheme
        while stop < end, !"/? ".utf8.contains(base[stop]) { stop += 1 }
        let authority = Part(start + scheme, stop)
        if let wrong = Authority.problem(base, authority) { throw HeadProblem(.host, at: wrong) }
        head.host = authority
        return try pathAndQuery(from: stop, into: &head)
    }

    /// 1 or 0.
    @inline(__always) private func version(behind targetEnd: Int) throws(HeadProblem) -> UInt8 {
        if end &- targetEnd == 9, base[targetEnd] == .space,
            UnsafeRawPointer(base + targetEnd + 1).loadUnaligned(as: UInt64.self) == UInt64(ascii: "HTTP/1.1")
        {
            return 1
        }
        return try otherVersion(behind: targetEnd)
    }

    @inline(never) private func otherVersion(behind targetEnd: Int) throws(HeadProblem) -> UInt8 {
        guard targetEnd < end else { throw HeadProblem(.noVersion, at: end) }
        guard base[targetEnd] == .space else { throw HeadProblem(base[targetEnd] == .tab ? .requestLine : .target, at: targetEnd) }
        let at = targetEnd + 1
        if isWhole("HTTP/1.0", from: at) { return 0 }
        let name: StaticString = "HTTP/"
        let shaped = end - at == 8 && begins(name, at: at) && base[at + 5].isDigit && base[at + 6] == UInt8(ascii: ".") && base[at + 7].isDigit
        throw HeadProblem(shaped ? .version : .requestLine, at: at)
    }

    private func isWhole(_ text: StaticString, from at: Int) -> Bool { end - at == text.utf8CodeUnitCount && begins(text, at: at) }

    private func begins(_ text: StaticString, at: Int) -> Bool {
        end - at >= text.utf8CodeUnitCount && (0..<text.utf8CodeUnitCount).allSatisfy { base[at + $0] == text.utf8Start[$0] }
    }
}

extension FixedWidthInteger {
    /// The integer that a load of these bytes gives, on this machine.
    @inline(__always) init(ascii text: StaticString) { self = UnsafeRawPointer(text.utf8Start).loadUnaligned(as: Self.self) }
}
