import Schema
import Settings
import Storage
import Testing

@testable import Console

@Suite("Overlay") struct OverlayTests {
    static func node(_ json: String) throws -> Node { try #require(JSONNode.read(json)) }

    static let document =
        #"{"router":{"num_retries":2},"models":{"chat":{"strategy":"shuffle","aliases":["a"]}},"rules":[{"name":"one","priority":1},{"name":"two"}]}"#

    struct Row: Sendable {
        var changes: [(path: [String], value: String?)]
        var result: String
    }

    @Test("pass-through endpoints are found by their ids, or by their paths where they have none")
    func endpoints() throws {
        let document = try Self.node(
            #"{"general":{"pass_through_endpoints":[{"id":"a","path":"/x","target":"t"},{"path":"/y","target":"t"}]}}"#)
        let place = ["general", "pass_through_endpoints"]
        var overlay = Overlay()
        overlay.set(place + ["a", "auth"], to: .plain("false"))
        overlay.set(place + ["/y"], to: nil)
        overlay.set(place + ["new"], to: try Self.node(#"{"path":"/z","target":"t"}"#))
        overlay.set(place + ["/w"], to: try Self.node(#"{"path":"/w","target":"t"}"#))
        let expected =
            #"[{"id":"a","path":"/x","target":"t","auth":false},{"path":"/w","target":"t"},{"path":"/z","target":"t","id":"new"}]"#
        #expect(Overlay.get(place, in: overlay.applied(to: document))?.json == expected)
        #expect(Overlay.get(place, in: overlay.applied(to: .map([])))?.items?.count == 2)
    }

    @Test("what stands in headers is covered, but for what says nothing")
    func headers() throws {
        let node = try Self.node(#"{"headers":{"Authorization":"Bearer x","x-a":"x","x-b":"env:B","accept":"a/b"},"other":{"x-a":"x"}}"#)
        #expect(
            node.covered().json == #"{"headers":{"Authorization":"****","x-a":"****","x-b":"env:B","accept":"a/b"},"other":{"x-a":"x"}}"#)
        #expect(node.covered().uncovered(by: node) == node)
    }

    @Test(
        "a change is set at its path, deeper ones above, and what is taken out is gone",
        arguments: [
            Row(changes: [(["router", "num_retries"], "5")], result: document.replacing("\"num_retries\":2", with: "\"num_retries\":5")),
            Row(
                changes: [(["models", "chat", "strategy"], "\"latency\"")],
                result: document.replacing("\"strategy\":\"shuffle\"", with: "\"strategy\":\"latency\"")),
            Row(changes: [(["models", "chat"], nil)], result: document.replacing(#""chat":{"strategy":"shuffle","aliases":["a"]}"#, with: "")),
            Row(changes: [(["rules", "one"], nil)], result: document.replacing(#"{"name":"one","priority":1},"#, with: "")),
            Row(
                changes: [(["rules", "one", "priority"], "9")],
                result: document.replacing(#""priority":1"#, with: #""priority":9"#)),
            Row(
                changes: [(["rules", "new"], #"{"priority":3}"#)],
                result: document.replacing(#"{"name":"two"}"#, with: #"{"name":"two"},{"priority":3,"name":"new"}"#)),
            Row(changes: [(["nothing", "deep"], nil)], result: document),
            Row(
                changes: [(["models", "chat", "strategy"], "\"cost\""), (["models", "chat"], #"{"strategy":"latency"}"#)],
                result: document.replacing(#"{"strategy":"shuffle","aliases":["a"]}"#, with: #"{"strategy":"latency"}"#)),
            Row(
                changes: [(["models", "chat"], #"{"strategy":"latency"}"#), (["models", "chat", "strategy"], "\"cost\"")],
                result: document.replacing(#"{"strategy":"shuffle","aliases":["a"]}"#, with: #"{"strategy":"cost"}"#)),
        ])
    func applies(_ row: Row) throws {
        var overlay = Overlay()
        for change in row.changes { overlay.set(change.path, to: try change.value.map(Self.node)) }
        let expected = try Self.node(row.result)
        #expect(overlay.applied(to: try Self.node(Self.document)).json == expected.json)
        // As it is written down, it is the same overlay.
        #expect(Overlay(overlay.documents) == overlay)
    }

    @Test("what is forgotten is as the file has it")
    func forgets() throws {
        var overlay = Overlay()
        overlay.set(["router", "num_retries"], to: .plain("5"))
        overlay.set(["models", "chat"], to: nil)
        overlay.forget(["router"])
        overlay.forget(["models", "chat", "strategy"])
        #expect(overlay.settings.keys.sorted { $0.count < $1.count } == [["models", "chat"]])
        overlay.forget(["models"])
        #expect(overlay.isEmpty)
    }

    @Test("documents that nobody here wrote are passed over")
    func foreign() {
        let overlay = Overlay([
            StoredDocument(name: "no path", value: "1"), StoredDocument(name: #"["a"]"#, value: "{"), StoredDocument(name: "[]", value: "1"),
        ])
        #expect(overlay.isEmpty)
    }

    @Test(
        "a patch is merged as RFC 7396 says",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#), (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ])
    func patches(original: String, patch: String, result: String) throws {
        #expect(try Self.node(original).merged(with: Self.node(patch)).json == result)
    }

    @Test("secrets are covered, references and names are not, and a cover sent back changes nothing")
    func covers() throws {
        let document = try Self.node(
            #"{"providers":{"a":{"api_key":"sk-1","base_url":"http://h","headers":{"X-Api-Key":"h-1"}},"b":{"api_key":"env:B"}},"#
                + #""keys":{"k":{"key":"sk-2","virtual_key":"name","rpm":3}}}"#)
        let covered = document.covered()
        for secret in ["sk-1", "sk-2", "h-1"] { #expect(!covered.json.contains(secret)) }
        for kept in ["env:B", "http://h", "\"virtual_key\":\"name\"", "\"rpm\":3"] { #expect(covered.json.contains(kept)) }
        #expect(covered.uncovered(by: document).json == document.json)
    }

    @Test(
        "scalars are JSON of the kind they have in the document",
        arguments: [
            ("1", "1"), ("-0.5", "-0.5"), ("1e3", "1e3"), ("007", "\"007\""), ("0", "0"), ("1.", "\"1.\""), ("true", "true"), ("no", "\"no\""),
            (".5", "\".5\""), ("-", "\"-\""), ("1.2.3", "\"1.2.3\""), ("null", "null"), ("+1", "\"+1\""), ("0x1", "\"0x1\""),
        ])
    func scalars(text: String, json: String) { #expect(Node.plain(text).json == json) }
}
