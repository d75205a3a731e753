// Compiled together with Tests/WireTests/JSON/ReferenceParser.swift, a second reading that is slow and obvious.

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let depth = 20
    withExactly(bytes[...]) { raw in
        let problem = problem { () throws(JSONProblem) in try JSONScanner.validate(raw, depth: depth) }
        let walked = walk(raw, depth)
        check(problem == walked, "checked \(String(describing: problem)), walked \(String(describing: walked))")
        if let problem { check(problem.offset <= raw.count, "offset \(problem.offset)") }
        let expected = ReferenceParser.members(bytes, deepest: depth)
        check((problem == nil) == (expected != nil), "scanner says \(String(describing: problem)), the reference \(expected != nil)")
        search(raw)
    }
    return 0
}

private func problem(_ body: () throws(JSONProblem) -> Void) -> JSONProblem? {
    do throws(JSONProblem) { try body() } catch { return error }
    return nil
}

/// Reads every value by hand instead of skipping it.
private func walk(_ raw: UnsafeRawBufferPointer, _ depth: Int) -> JSONProblem? {
    problem { () throws(JSONProblem) in
        var scanner = JSONScanner(raw, depth: depth)
        try value(&scanner)
        try scanner.finish()
    }
}

private func value(_ scanner: inout JSONScanner) throws(JSONProblem) {
    switch try scanner.peek() {
    case .object:
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            _ = scanner.decoded(key)
            try value(&scanner)
        }
    case .array:
        try scanner.enterArray()
        while try scanner.nextElement() { try value(&scanner) }
    case .string: _ = scanner.decoded(try scanner.string())
    case .number: _ = try scanner.number().scaled(by: 9)
    case .bool: _ = try scanner.bool()
    case .null: _ = try scanner.skip()
    }
}

/// Whatever the bytes are, the search stays inside them and comes to an end.
private func search(_ raw: UnsafeRawBufferPointer) {
    var search = JSONMemberSearch(raw, beginning: (UInt8(ascii: "m"), UInt8(ascii: "u"), UInt8(ascii: "s"), UInt8(ascii: "t")))
    var found = 0
    while search.next() != nil {
        found += 1
        check(found <= raw.count, "an endless search")
        if let at = search.value(of: "usage") { check(at <= raw.count, "value at \(at)") }
    }
}
