import Testing
import Wire

@Suite("JSON values") struct JSONValueTests {
    @Test(
        "escapes are undone",
        arguments: [
            (#""#, ""), (#"plain"#, "plain"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"), (#"\u0041\u00e9\u20AC"#, "Aé€"),
            (#"\ud834\udd1e"#, "𝄞"), (#"\ud834"#, "\u{fffd}"), (#"\udd1e\ud834"#, "\u{fffd}\u{fffd}"), (#"\ud834\u0041"#, "\u{fffd}A"),
            (#"\ud834x"#, "\u{fffd}x"), (#"\ud834\n"#, "\u{fffd}\n"), (#"é\u0000"#, "é\0"), (#"\\u0041"#, "\\u0041"),
        ])
    func decodes(_ text: String, _ plain: String) {
        #expect(Array(text.utf8).withUnsafeBytes { JSONEscapes.decoded($0) } == plain)
    }

    struct Row: Sendable {
        var text: String
        var value: Int64
        var thousandfold: Int64
    }

    @Test(
        "numbers are whole, cut off after the point, and saturated",
        arguments: [
            Row(text: "0", value: 0, thousandfold: 0), Row(text: "-0.0", value: 0, thousandfold: 0), Row(text: "42", value: 42, thousandfold: 42_000),
            Row(text: "-7", value: -7, thousandfold: -7_000), Row(text: "1.5", value: 1, thousandfold: 1_500),
            Row(text: "-1.5", value: -1, thousandfold: -1_500), Row(text: "1e3", value: 1_000, thousandfold: 1_000_000),
            Row(text: "25E-2", value: 0, thousandfold: 250), Row(text: "0.00025e4", value: 2, thousandfold: 2_500),
            Row(text: "9223372036854775807", value: .max, thousandfold: .max), Row(text: "1e400", value: .max, thousandfold: .max),
            Row(text: "-1e400", value: .min, thousandfold: .min), Row(text: "1e-400", value: 0, thousandfold: 0),
            Row(text: "1e99999999999999999999", value: .max, thousandfold: .max), Row(text: "0e99999", value: 0, thousandfold: 0),
            Row(text: "123456789012345678901234567890", value: .max, thousandfold: .max),
            Row(text: "0.1234567890123456789012345678", value: 0, thousandfold: 123),
            Row(text: "1234567890123456789.75", value: 1_234_567_890_123_456_789, thousandfold: .max),
        ])
    func numbers(_ row: Row) throws {
        try Array(row.text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            let number = try scanner.number()
            try scanner.finish()
            #expect(number.integer == row.value)
            #expect(number.scaled(by: 3) == row.thousandfold)
        }
        try Array("[ \(row.text),1]".utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            try scanner.enterArray()
            #expect(try scanner.nextElement())
            #expect(try scanner.number().scaled(by: 3) == row.thousandfold)
            #expect(try scanner.nextElement())
            #expect(try scanner.number().integer == 1)
        }
    }

    @Test(
        "what looks like a number and is none is refused when asked for too",
        arguments: ["01", "1.", "-", "1x", "00", "1e", "123456789012345678901x"])
    func notNumbers(_ text: String) {
        Array("[\(text)]".utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            #expect(throws: JSONProblem.self) {
                try scanner.enterArray()
                _ = try scanner.nextElement()
                _ = try scanner.number()
                _ = try scanner.nextElement()
            }
        }
    }

    @Test("what the writer writes is JSON and says what was said")
    func writes() throws {
        let awkward = "a\"b\\c/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é€𝄞\u{2028}"
        var writer = JSONWriter()
        writer.object { object in
            object.member("text", awkward)
            object.key("list")
            object.array { list in
                list.number(1)
                list.bool(true)
                list.null()
                list.object { _ in }
                list.array { _ in }
            }
            object.member("none", orNull: nil)
            object.member("count", -3)
        }
        let bytes = writer.bytes
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix(#","list":[1,true,null,{},[]],"none":null,"count":-3}"#))
        #expect(JSONScannerTests.problem(bytes) == nil)
        try bytes.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw)
            try scanner.enterObject()
            _ = try scanner.nextKey()
            #expect(scanner.decoded(try scanner.string()) == awkward)
        }
    }

    @Test(
        "members are found without parsing, by raw name and colon",
        arguments: [
            (#"{"usage":1}"#, [9]), (#"{"usage" : {}}"#, [11]), (#"{"usage":null}"#, []), (#"{"a":"usage"}"#, []), (#"{"a":"\"usage\":1"}"#, []),
            (#"{"usages":1,"usag":2,"x":{"usage":"y"}}"#, [34]), (#"{"content":"usage","usage":7}"#, [27]), (#""usage""#, []), (#""usage":"#, []),
            ("", []),
        ])
    func search(_ text: String, _ values: [Int]) {
        for lead in 0..<40 {
            let bytes = Array(repeating: UInt8(ascii: " "), count: lead) + Array(text.utf8)
            bytes.withUnsafeBytes { raw in
                var search = JSONMemberSearch(raw, beginning: (UInt8(ascii: "u"), UInt8(ascii: "z"), UInt8(ascii: "z"), UInt8(ascii: "z")))
                var found: [Int] = []
                while search.next() != nil { search.value(of: "usage").map { found.append($0 - lead) } }
                #expect(found == values, "\(lead) before \(text)")
            }
        }
    }
}
