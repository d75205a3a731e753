import Testing
import Wire

@Suite("JSON scanner") struct JSONScannerTests {
    /// Nil: accepted.
    static func problem(_ text: [UInt8], depth: Int = JSONScanner.deepest) -> JSONProblem? {
        text.withUnsafeBytes { bytes in
            do throws(JSONProblem) { try JSONScanner.validate(bytes, depth: depth) } catch { return error }
            return nil
        }
    }

    @Test("a right text is accepted wherever it begins relative to a block", arguments: JSONTables.accepted)
    func accepts(_ text: String) {
        for lead in 0..<70 {
            let padded = Array(repeating: UInt8(ascii: " "), count: lead) + Array(text.utf8)
            #expect(Self.problem(padded) == nil, "\(lead) spaces before \(text)")
            let nested = Array("[\"".utf8) + Array(repeating: UInt8(ascii: "x"), count: lead) + Array("\",".utf8) + Array(text.utf8) + [0x5d]
            #expect(Self.problem(nested) == nil, "\(lead) letters before \(text)")
        }
    }

    @Test("a wrong text is refused, and the first wrong byte named", arguments: JSONTables.refused)
    func refuses(_ row: JSONTables.Refused) {
        #expect(Self.problem(row.text) == JSONProblem(row.reason, at: row.offset), "\(String(decoding: row.text, as: UTF8.self))")
    }

    @Test("a wrong string is refused at every place in a block", arguments: JSONTables.strings + JSONTables.encoding.dropFirst(3))
    func refusesAnywhere(_ row: JSONTables.Refused) {
        guard row.text.first == 0x22 else { return }
        for lead in 1..<140 {
            let text = [0x22] + Array(repeating: UInt8(ascii: "x"), count: lead) + row.text.dropFirst()
            #expect(Self.problem(text) == JSONProblem(row.reason, at: row.offset + lead), "\(lead): \(String(decoding: row.text, as: UTF8.self))")
        }
    }

    @Test("nesting is limited", arguments: [(128, 128, true), (129, 128, false), (3, 3, true), (4, 3, false), (100_000, 128, false)])
    func depth(_ levels: Int, _ limit: Int, _ accepted: Bool) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
            let found = Self.problem(Array(text.utf8), depth: limit)
            #expect(found == (accepted ? nil : JSONProblem(.depth, at: limit * open.utf8.count)))
        }
    }

    @Test("the scanner finds what the reference parser finds", arguments: 1...40 as ClosedRange<UInt64>)
    func sameAsReference(seed: UInt64) {
        var source = RandomJSON(seed: seed)
        for _ in 0..<150 {
            let document = source.document()
            for text in [document, source.damaged(document)] {
                let expected = ReferenceParser.members(text)
                #expect((Self.problem(text) == nil) == (expected != nil), "seed \(seed): \(String(decoding: text, as: UTF8.self))")
                #expect(Self.members(text) == expected || expected?.isEmpty == true, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
            }
        }
    }

    /// The members of a text that is an object, pulled one by one.
    static func members(_ text: [UInt8]) -> [ReferenceParser.Member]? {
        text.withUnsafeBytes { bytes in
            var found: [ReferenceParser.Member] = []
            var scanner = JSONScanner(bytes)
            do throws(JSONProblem) {
                if try scanner.peek() != .object { return problem(text) == nil ? [] : nil }
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    let value = try scanner.skip()
                    found.append(.init(name: Array(name.range.of(bytes)), start: Int(value.start), end: Int(value.end)))
                }
                try scanner.finish()
            } catch { return nil }
            return found
        }
    }

    @Test("every prefix of a text is cut off or wrong, never read beyond", arguments: 1...5 as ClosedRange<UInt64>)
    func prefixes(seed: UInt64) {
        var source = RandomJSON(seed: seed)
        let document = source.document()
        for count in 0..<document.count {
            let prefix = Array(document[..<count])
            #expect((Self.problem(prefix) == nil) == (ReferenceParser.members(prefix) != nil))
        }
    }

    @Test("elements and members are pulled one by one, and the rest is passed over")
    func pulls() throws {
        let text = #" {"skip":{"a":[1,{"b":"]}"}]},"list":[1,"two",[],{},null,true,-2.5e1],"mod\u0065l":"g\"x","end":false} "#
        try Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            try scanner.enterObject()
            var seen: [String] = []
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "list") {
                    try scanner.enterArray()
                    while try scanner.nextElement() { seen.append(String(decoding: try scanner.skip().of(bytes), as: UTF8.self)) }
                } else if scanner.text(name, is: "model") {
                    seen.append(scanner.decoded(try scanner.string()))
                } else if scanner.text(name, is: "end") {
                    seen.append("\(try scanner.bool())")
                } else {
                    #expect(scanner.text(name, is: "skip"))
                    #expect(!scanner.text(name, is: "skipped") && !scanner.text(name, is: "ski"))
                    try scanner.skip()
                }
            }
            try scanner.finish()
            #expect(seen == ["1", "\"two\"", "[]", "{}", "null", "true", "-2.5e1", "g\"x", "false"])
        }
    }

    @Test("asking for a kind that is not there is a problem of its own")
    func kinds() {
        func problem(_ ask: (inout JSONScanner) throws -> Void) -> JSONProblem? {
            Array("[1]".utf8).withUnsafeBytes { bytes in
                var scanner = JSONScanner(bytes)
                do { try ask(&scanner) } catch { return error as? JSONProblem }
                return nil
            }
        }
        #expect(problem { try $0.enterObject() } == JSONProblem(.kind, at: 0))
        #expect(problem { _ = try $0.string() } == JSONProblem(.kind, at: 0))
        #expect(problem { try $0.enterArray() } == nil)
    }
}
