import Wire

/// Documents by the rules of RFC 8259, in the spirit of JSONTestSuite.
enum JSONTables {
    static let accepted: [String] = [
        "{}", "[]", " [ ] ", "\t\r\n{\n}\r\n", "null", "true", "false", "0", "-0", "1", "-1", "10", "0.5", "-0.5e-10", "1E400", "1e+2", "2E-3",
        "123456789012345678901234567890", "\"\"", "\"a\"", "\"\\\"\"", "\"\\\\\"", "\"\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\"", "\"\\uD834\\uDD1E\"",
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\uABCD\\uabcd\"", "\"é ü € 𝄞 \u{10ffff}\"", "\"\u{7f}\u{2028}\u{feff}\"",
        "[1,2,3]", "[[],[[]],{}]", "[true , false\n,\tnull]", "{\"a\":1}", "{\"a\" : {\"b\" : [ ] } , \"a\" : 2 }", "{\"\":\"\"}",
        "{\"a\\nb\":[\"x\",{\"y\":-1.5e+10}],\"z\":\"\\\\\\\\\"}", "[\"\\\\u\"]", "[\"\\\\\",\"\\\\\\\"\"]",
    ]

    struct Refused: Sendable {
        var text: [UInt8]
        var reason: JSONProblem.Reason
        var offset: Int

        init(_ text: String, _ reason: JSONProblem.Reason, _ offset: Int) {
            self.init(Array(text.utf8), reason, offset)
        }

        init(_ text: [UInt8], _ reason: JSONProblem.Reason, _ offset: Int) {
            self.text = text
            self.reason = reason
            self.offset = offset
        }
    }

    static let refused: [Refused] = structure + scalars + strings + encoding

    static let structure = [
        Refused("", .empty, 0), Refused("   ", .cut, 3), Refused("{", .cut, 1), Refused("[", .cut, 1), Refused("[1", .cut, 2),
        Refused("[1,", .cut, 3), Refused("[1,]", .value, 3), Refused("[,1]", .value, 1), Refused("[1 2]", .commaOrEnd, 3),
        Refused("[1,,2]", .value, 3), Refused("[1}", .commaOrEnd, 2), Refused("{]", .key, 1), Refused("{1:2}", .key, 1),
        Refused("{a:1}", .key, 1), Refused("{'a':1}", .key, 1), Refused("{\"a\"}", .colon, 4), Refused("{\"a\" 1}", .colon, 5),
        Refused("{\"a\":}", .value, 5), Refused("{\"a\":1,}", .key, 7), Refused("{\"a\":1 \"b\":2}", .commaOrEnd, 7),
        Refused("{\"a\":1", .cut, 6), Refused("{\"a\":", .cut, 5), Refused("{\"a\"", .cut, 4), Refused("{\"a", .cut, 3),
        Refused("{\"a\"::1}", .value, 5), Refused("{\"a\":1}}", .trailing, 7), Refused("[] []", .trailing, 3), Refused("1 x", .trailing, 2),
        Refused("{} \0", .trailing, 3), Refused("]", .value, 0), Refused("}", .value, 0), Refused("/* */{}", .value, 0),
        Refused("{} // no", .trailing, 3), Refused("\u{c}[]", .value, 0), Refused("\u{a0}[]", .value, 0), Refused("[1\u{b}]", .commaOrEnd, 2),
    ]

    static let scalars = [
        Refused("tru", .cut, 3), Refused("trux", .literal, 3), Refused("True", .value, 0), Refused("nul", .cut, 3), Refused("nulL", .literal, 3),
        Refused("fals3", .literal, 4), Refused("truefalse", .trailing, 4), Refused("NaN", .value, 0), Refused("Infinity", .value, 0),
        Refused("-", .cut, 1), Refused("-x", .number, 1), Refused("+1", .value, 0), Refused("01", .trailing, 1), Refused("-01", .trailing, 2),
        Refused("1.", .cut, 2), Refused("1.x", .number, 2), Refused(".5", .value, 0), Refused("1e", .cut, 2), Refused("1e+", .cut, 3),
        Refused("1eE2", .number, 2), Refused("0x10", .trailing, 1), Refused("1.2.3", .trailing, 3), Refused("-Infinity", .number, 1),
        Refused("[1e]", .number, 3), Refused("[-]", .number, 2), Refused("1_000", .trailing, 1),
    ]

    static let strings = [
        Refused("\"", .cut, 1), Refused("\"a", .cut, 2), Refused("\"a\\\"", .cut, 4), Refused("\"a\\", .cut, 3), Refused("\"\\x\"", .escape, 2),
        Refused("\"\\a\"", .escape, 2), Refused("\"\\U0000\"", .escape, 2), Refused("\"\\'\"", .escape, 2), Refused("\"\\ \"", .escape, 2),
        Refused("\"\\u\"", .hex, 3), Refused("\"\\u12\"", .hex, 5), Refused("\"\\u123g\"", .hex, 6), Refused("\"\\u12", .cut, 5),
        Refused("\"\\u123é\"", .hex, 6), Refused("\"\\é\"", .escape, 2), Refused("\"a\nb\"", .control, 2), Refused("\"\t\"", .control, 1),
        Refused("\"\0\"", .control, 1), Refused("\"\u{1f}\"", .control, 1), Refused("\"\\\n\"", .control, 2), Refused("'a'", .value, 0),
        Refused("{\"a\u{1}\":1}", .control, 3), Refused("\"é\u{1}\"", .control, 3), Refused("\"a\" \"b\"", .trailing, 4),
        Refused("\"\\\\\"\"", .trailing, 4),
    ]

    /// A quoted string of these bytes.
    private static func quoted(_ bytes: [UInt8], _ offset: Int) -> Refused {
        Refused([0x22] + bytes + [0x22], .utf8, offset)
    }

    static let encoding = [
        Refused([0xef, 0xbb, 0xbf, 0x7b, 0x7d], .byteOrderMark, 0), Refused([0xff, 0xfe, 0x7b, 0], .value, 0), Refused([0x7b, 0, 0x7d, 0], .key, 1),
        quoted([0x80], 1), quoted([0xff], 1), quoted([0xc0, 0xaf], 1), quoted([0xc1, 0xbf], 1), quoted([0xc3], 1), quoted([0xc3, 0x28], 1),
        quoted([0xe2, 0x82], 1), quoted([0xe0, 0x9f, 0xbf], 1), quoted([0xed, 0xa0, 0x80], 1), quoted([0xed, 0xbf, 0xbf], 1),
        quoted([0xf0, 0x8f, 0xbf, 0xbf], 1), quoted([0xf4, 0x90, 0x80, 0x80], 1), quoted([0xf5, 0x80, 0x80, 0x80], 1),
        quoted([0xf0, 0x9d, 0x84], 1), quoted([0x61, 0xc3, 0xa9, 0xe9, 0x61], 4), quoted([0xfc, 0x80, 0x80, 0x80, 0x80, 0x80], 1),
        quoted([0x61, 0xe9, 0x01], 2), Refused([0x22, 0xe9, 0x5c, 0x78, 0x22], .utf8, 1), Refused([0x5b, 0xe9, 0x5d], .value, 1),
        Refused([0x22, 0xc3], .utf8, 1), quoted([0xe9, 0x5c, 0x75, 0x31], 1),
    ]
}
