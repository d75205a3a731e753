import Testing

@testable import Translation

@Suite("Prompt text") struct PromptTextTests {
    @Test(
        "the caller's own words are read, and nobody else's",
        arguments: [
            (#"{"messages":[{"role":"user","content":"hi \"you\""}]}"#, "hi \"you\""),
            (
                #"{"messages":[{"role":"system","content":"s"},{"content":"late role","role":"user"},{"role":"assistant","content":"a"}]}"#,
                "late role"
            ),
            (
                #"{"messages":[{"role":"user","content":[{"type":"text","text":"one"},{"type":"image_url","image_url":{"url":"x"}},{"text":"two"}]}]}"#,
                "one\ntwo"
            ),
            (#"{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"tool","content":"c"}]}"#, "b"),
            (#"{"messages":[1,null,{"role":"user"},{"content":"x"}]}"#, ""), (#"{"prompt":"p"}"#, "p"), (#"{"prompt":["p","q"]}"#, "p\nq"),
            (#"{"input":["e",1]}"#, "e"), (#"{}"#, ""), (#"{"messages":"no list"}"#, ""),
            (#"{"messages":[{"role":"user","content":"\u00e9"}]}"#, "é"),
        ])
    func words(_ body: String, _ expected: String) {
        #expect(Array(body.utf8).withUnsafeBytes { PromptText.read($0) } == expected)
    }

    @Test("a long text is cut")
    func bounded() {
        let body = #"{"prompt":["\#(String(repeating: "a", count: PromptText.longest + 9))","b"]}"#
        #expect(Array(body.utf8).withUnsafeBytes { PromptText.read($0) } == String(repeating: "a", count: PromptText.longest))
    }
}
