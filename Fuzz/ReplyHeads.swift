@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let limits = HeadLimits(bytes: 2048, fields: 12)
    var outcomes: [Outcome] = []
    for cuts in cuttings(of: bytes) { outcomes.append(parse(bytes, cuts, limits)) }
    for outcome in outcomes { check(outcome == outcomes[0], "\(outcome), whole \(outcomes[0])") }
    if case .head(let head) = outcomes[0] {
        checkHead(head, bytes)
        if head.framing == .chunked { _ = unchunked(bytes[head.length...]) }
    }
    // Every input is a body too, so that chunks are reached without a head before them.
    _ = unchunked(bytes[...])
    return 0
}

private enum Outcome: Equatable {
    case head(ResponseHead)
    case problem(HeadProblem)
    case more
}

private func parse(_ bytes: [UInt8], _ cuts: [Int], _ limits: HeadLimits) -> Outcome {
    var parser = ResponseParser(limits: limits)
    for cut in cuts {
        let outcome: Outcome = withExactly(bytes[..<cut]) { raw in
            do throws(HeadProblem) {
                return try parser.parse(raw) ? .head(parser.head) : .more
            } catch {
                check(error.offset <= raw.count, "offset \(error.offset)")
                return .problem(error)
            }
        }
        if outcome != .more { return outcome }
    }
    return .more
}

private func checkHead(_ head: ResponseHead, _ bytes: [UInt8]) {
    check(head.length <= bytes.count, "length")
    checkHeadBytes(bytes[..<head.length])
    let fields = plainFields(bytes[..<head.length])
    func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    var walked = 0
    withExactly(bytes[..<head.length]) { raw in
        head.forEachField(in: raw) { _, _ in walked += 1 }
        _ = RetryAfter.parse(head.retryAfter.bytes(in: raw), now: 1_800_000_000)
        _ = RetryAfter.parseMilliseconds(head.retryAfterMilliseconds.bytes(in: raw))
    }
    check(walked == fields.count, "\(walked) fields walked of \(fields.count)")
    check(Int(String(decoding: bytes[9..<12], as: UTF8.self)) == head.status, "status")
    let lengths = values("content-length"), encodings = values("transfer-encoding")
    check(lengths.count + encodings.count <= 1, "framing fields")
    let bodiless = head.status < 200 || head.status == 204 || head.status == 304
    switch head.framing {
    case .none: check(bodiless, "body overlooked")
    case .length(let length): check(!bodiless && Int(lengths[0]) == length, "length \(lengths)")
    case .chunked: check(!bodiless && encodings[0].lowercased() == "chunked", "encoding \(encodings)")
    case .untilClose: check(!bodiless && lengths.isEmpty && encodings.isEmpty && !head.keepAlive, "until close")
    }
    let id = values("x-request-id").first ?? values("request-id").first
    for (value, part) in [(values("retry-after").first, head.retryAfter), (id, head.requestID)] {
        let found = part.isPresent ? withExactly(bytes[..<head.length]) { String(decoding: part.bytes(in: $0), as: UTF8.self) } : nil
        check(found == value, "\(found ?? "absent"), expected \(value ?? "absent")")
    }
}
