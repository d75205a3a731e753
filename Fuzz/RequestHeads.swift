@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let limits = HeadLimits(bytes: 2048, fields: 12, target: 256)
    var outcomes: [Outcome] = []
    for cuts in cuttings(of: bytes) { outcomes.append(parse(bytes, cuts, limits)) }
    for outcome in outcomes { check(outcome == outcomes[0], "\(outcome), whole \(outcomes[0])") }
    if case .head(let head) = outcomes[0] {
        checkHead(head, bytes)
        if head.framing == .chunked { _ = unchunked(bytes[head.length...]) }
    }
    return 0
}

private enum Outcome: Equatable {
    case head(RequestHead)
    case problem(HeadProblem)
    case more
}

private func parse(_ bytes: [UInt8], _ cuts: [Int], _ limits: HeadLimits) -> Outcome {
    var parser = RequestParser(limits: limits)
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

/// A second reading, slow and obvious, has to agree.
private func checkHead(_ head: RequestHead, _ bytes: [UInt8]) {
    check(head.length <= bytes.count, "length")
    checkHeadBytes(bytes[..<head.length])
    let from = bytes.starts(with: [13, 10]) ? 2 : 0
    let fields = plainFields(bytes[from..<head.length])
    func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    var walked = 0
    withExactly(bytes[..<head.length]) { raw in head.forEachField(in: raw) { _, _ in walked += 1 } }
    check(walked == fields.count, "\(walked) fields walked of \(fields.count)")
    check(values("host").count == 1 || head.minorVersion == 0 && values("host").isEmpty, "hosts")
    let lengths = values("content-length"), encodings = values("transfer-encoding")
    check(lengths.count + encodings.count <= 1, "framing fields")
    switch head.framing {
    case .none: check(lengths.isEmpty && encodings.isEmpty, "body overlooked")
    case .length(let length): check(lengths.count == 1 && Int(lengths[0]) == length, "length \(lengths)")
    case .chunked: check(encodings.count == 1 && encodings[0].lowercased() == "chunked", "encoding \(encodings)")
    }
    let parts: [(String, Part)] = [
        ("host", head.host), ("authorization", head.authorization), ("x-api-key", head.apiKey), ("x-goog-api-key", head.googleAPIKey),
        ("content-type", head.contentType), ("content-encoding", head.contentEncoding), ("accept", head.accept), ("user-agent", head.userAgent),
        ("x-request-id", head.requestID), ("idempotency-key", head.idempotencyKey), ("x-swiftlet-tags", head.swiftletTags),
        ("x-swiftlet-deadline-ms", head.swiftletDeadline), ("x-swiftlet-region", head.swiftletRegion), ("x-litellm-tags", head.litellmTags),
        ("x-tags", head.tags), ("x-project-id", head.projectID),
    ]
    for (name, part) in parts {
        let value = part.isPresent ? withExactly(bytes[..<head.length]) { String(decoding: part.bytes(in: $0), as: UTF8.self) } : nil
        check(value == values(name).first, "\(name): \(value ?? "absent")")
    }
    let target = withExactly(bytes[..<head.length]) { String(decoding: head.target.bytes(in: $0), as: UTF8.self) }
    let line = String(decoding: bytes[from..<head.length], as: UTF8.self).unicodeScalars.prefix { $0 != "\r" }
    check(String(String.UnicodeScalarView(line)) == "\(head.method.name) \(target) HTTP/1.\(head.minorVersion)", "request line")
}
