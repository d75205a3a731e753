import Testing
import Wire

@testable import Translation

@Suite("Body overrides") struct BodyOverridesTests {
    private func apply(_ overrides: String, to body: String) throws -> String {
        let overrides = try BodyOverrides(Array(overrides.utf8))
        var result: [UInt8] = []
        try Array(body.utf8).withUnsafeBytes { result = try overrides.applied(to: $0) }
        return String(decoding: result, as: UTF8.self)
    }

    @Test(
        "a deployment's members take the place of the client's",
        arguments: [
            (
                #"{"temperature":0}"#, #"{"model":"m","temperature":1,"messages":[{"a":"}"}]}"#,
                #"{"model":"m","messages":[{"a":"}"}],"temperature":0}"#
            ),
            (#"{"temperature":0}"#, #"{ }"#, #"{"temperature":0}"#),
            (#"{"stop":["a"],"seed":7}"#, #"{"x":1}"#, #"{"x":1,"stop":["a"],"seed":7}"#),
            (#"{"temperature":null,"model":"other","stream":true}"#, #"{"model":"m"}"#, #"{"model":"m"}"#),
            (#"{"max_tokens":5}"#, #"{"max_completion_tokens":100}"#, #"{"max_tokens":5}"#),
            (#"{"seed":1,"seed":2}"#, #"{}"#, #"{"seed":2}"#),
            (#"{"te\u006dperature":0}"#, #"{"t\u0065mperature":1}"#, #"{"temperature":0}"#),
            (#"{}"#, #"{"a":{"b":[1,2]}}"#, #"{"a":{"b":[1,2]}}"#),
        ])
    func overrides(_ overrides: String, _ body: String, _ expected: String) throws {
        #expect(try apply(overrides, to: body) == expected)
    }

    @Test("of two sets the later one counts")
    func merging() throws {
        let first = try BodyOverrides(Array(#"{"a":1,"b":2}"#.utf8))
        let second = try BodyOverrides(Array(#"{"b":3}"#.utf8))
        var result: [UInt8] = []
        try Array("{}".utf8).withUnsafeBytes { result = try first.merged(with: second).applied(to: $0) }
        #expect(String(decoding: result, as: UTF8.self) == #"{"a":1,"b":3}"#)
    }

    @Test("what is no object is refused", arguments: ["[1]", "", "{\"a\":}", "{} x"])
    func refused(_ text: String) { #expect(throws: JSONProblem.self) { try BodyOverrides(Array(text.utf8)) } }
}
