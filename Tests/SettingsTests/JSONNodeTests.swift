import Schema
import Settings
import Testing

@Suite("JSON of requests") struct JSONNodeTests {
    @Test("values are read, text as text, numbers and words as they are written")
    func values() throws {
        let node = try #require(JSONNode.read(#" { "a" : [1, -2.5e+3, true, null, "x\n\"\u00e9\ud83d\ude00\/" ] , "b": {} } "#))
        let items = try #require(node["a"]?.items)
        #expect(items.map(\.scalar) == ["1", "-2.5e+3", "true", nil, "x\n\"é😀/"])
        #expect(items[3].isNull)
        #expect(items[4].content == .scalar("x\n\"é😀/", quoted: true))
        #expect(node["b"]?.entries?.isEmpty ?? false)
        #expect(JSONNode.read(#""null""#)?.isNull == false)
        // Twice the same name: both are kept, for whoever reads it to refuse.
        #expect(JSONNode.read(#"{"a":1,"a":2}"#)?.entries?.count == 2)
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a:1}", "01", "1.", ".5", "+1", "1e", "tru", "nul", "'a'", "\"a", "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"", "\"\\u+123\"", "\"\u{1}\"", "1 2", "[1 2]", "{\"a\":1 \"b\":2}", "NaN", "- 1", "[", "\"\\",
        ])
    func none(text: String) {
        #expect(JSONNode.read(text) == nil)
    }

    @Test("settings in JSON have its escapes, which YAML does not know, and lines")
    func settings() throws {
        let text = "{\n \"keys\": {\"\\ud83d\\ude00\": {\"key\": \"sk-canary-0123\"}},\n \"keys\": {},\n \"modells\": {}\n}"
        #expect(
            problems(text) == [
                "f:3: keys: `keys` is written twice; first on line 2", "f:4: modells: unknown setting `modells`; did you mean `models`?",
            ])
        let good = text.split(separator: "\n").filter { !$0.contains("{},") && !$0.contains("modells") }.joined(separator: "\n")
        #expect(compile(good.replacing("}},", with: "}}")).blueprint?.keys.map(\.name) == ["😀"])
    }

    @Test("depth and size are bounded")
    func bounds() {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(JSONNode.read(nested(40)) != nil)
        #expect(JSONNode.read(nested(60)) == nil)
        #expect(JSONNode.read(nested(100_000)) == nil)
        #expect(JSONNode.read("[" + Array(repeating: "1", count: 10_000).joined(separator: ",") + "]") != nil)
        #expect(JSONNode.read("[" + Array(repeating: "1", count: 30_000).joined(separator: ",") + "]") == nil)
    }

    @Test("bytes that are no UTF-8 are refused")
    func bytes() {
        let found = ([0x22, 0xff, 0x22] as [UInt8]).withUnsafeBytes { JSONNode.read($0) }
        #expect(found == nil)
    }
}
