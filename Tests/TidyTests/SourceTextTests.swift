import Testing

/// The rules are only as good as the reading they rest on.
@Suite("Source text") struct SourceTextTests {
    struct Row: Sendable {
        var written: String
        var code: String
    }

    @Test(
        "code is what is neither comment nor string",
        arguments: [
            Row(written: "let a = 1 // try! x", code: "let a = 1          "),
            Row(written: "/* a /* b */ c */ d", code: "                  d"),
            Row(written: #"say("try! \(f(")")) //") + g"#, code: #"say("                 ") + g"#),
            Row(written: ##"let r = #"a"b"# + c"##, code: ##"let r = #"   "# + c"##),
            Row(written: "let s = \"\"\"\n  a \" b\n  \"\"\" + c", code: "let s = \"\"\"\n       \n  \"\"\" + c"),
            Row(written: ##"#if os(Linux)"##, code: ##"#if os(Linux)"##),
            Row(written: #"let u = "not closed"#, code: #"let u = "          "#),
        ])
    func blanks(_ row: Row) {
        #expect(SourceText(path: "a.swift", text: row.written).code == row.code)
    }

    @Test("a finding names file, line and the line as written")
    func finds() {
        let source = SourceText(path: "Sources/A/B.swift", text: "let a = 1\n    try! b() // why\n")
        #expect(source.findings(/try!/) == ["Sources/A/B.swift:2: try! b() // why"])
        #expect(source.target == "A")
    }
}
