import Schema
import Testing

@Suite("Descriptions") struct RenderTests {
    @Test("the JSON Schema has every setting with its type, bounds and default")
    func schema() {
        let text = JSONSchema.page(title: "T", Sample.descriptions)
        for part in [
            #""$schema": "https://json-schema.org/draft/2020-12/schema""#, #""minimum": 1"#, #""maximum": 10"#, #""default": 3"#,
            #""enum": ["red", "green", "blue"]"#, #""additionalProperties": false"#, #""required": ["name"]"#,
            "Accepted, but not effective yet.",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        for field in Sample.descriptions { #expect(text.contains("\"\(field.name)\": {")) }
    }

    @Test("the reference page has a row for every setting and a table for every section")
    func reference() {
        let page = Reference.page(title: "T", introduction: "I", Sample.descriptions, environment: { $0 == "count" ? "X_COUNT" : nil })
        #expect(page.contains("| `count` | whole number | `3` | 1 to 10 | `X_COUNT` | How many. |\n"))
        #expect(page.contains("| `rest` | duration | `5s` | 0s to 1h |  | How long it rests. |\n"))
        #expect(page.contains("\n## `inner`\n"))
        #expect(page.contains("\n## `others.NAME`\n"))
        #expect(page.contains("| `name` | text | required |  |  | What it is called. |\n"))
        #expect(page.contains("What comes later. *Not effective yet.*"))
    }

    @Test("JSON text is escaped")
    func escaping() {
        #expect(JSONText.string("a\"b\\c\n\u{1}").text() == #""a\"b\\c\n\u0001""#)
    }

    @Test(
        "the nearest name is found, and none that is far",
        arguments: [("lisen", "listen"), ("LISTEN", "listen"), ("admn", "admin"), ("zzzzzz", nil), ("", nil)] as [(String, String?)])
    func spelling(written: String, expected: String?) {
        #expect(Spelling.nearest(to: written, among: ["listen", "admin", "threads"]) == expected)
    }
}
