/// Chat requests of three sizes, as an SDK writes them: messages first, the model's name behind them.
public enum ChatBody: String, Sendable, CaseIterable {
    /// About 0.9 KB.
    case small
    /// The same, asking for a stream and its usage.
    case stream
    /// A conversation of 20 KB and of 200 KB about code: an escape every ten to fifteen bytes.
    case medium, large

    var isStream: Bool { self == .stream }

    func json(model: String) -> [UInt8] {
        let head = #"{"messages":[{"role":"system","content":"\#(Self.system)"},{"role":"user","content":"\#(Self.question)"}"#
        var tail = #"],"model":"\#(model)","temperature":0.2,"max_tokens":256,"user":"u-12345""#
        if isStream { tail += #","stream":true,"stream_options":{"include_usage":true}"# }
        return Array((head + turns() + tail + "}").utf8)
    }

    private func turns() -> String {
        let wanted: Int
        switch self {
        case .small, .stream: return ""
        case .medium: wanted = 20 * 1_024
        case .large: wanted = 200 * 1_024
        }
        var text = ""
        var turn = 0
        while text.utf8.count < wanted - 1_000 {
            text += #",{"role":"\#(turn % 2 == 0 ? "assistant" : "user")","content":""#
            // Turns of about 2 KB, the lines in a different order each time.
            for line in 0..<28 { text += Self.lines[(line * 5 + turn * 3) % Self.lines.count] }
            text += #""}"#
            turn += 1
        }
        return text
    }

    private static let system = String(
        repeating: "You are a careful assistant that answers briefly and cites sources when it can. ", count: 4)
    private static let question = String(
        repeating: "Please compare the two routing strategies for large language models below and say which one is cheaper at "
            + "equal quality: always use the large model, or try the small model first and escalate on low confidence. ", count: 2)

    /// JSON-escaped already; a prime number of lines, so that every step walks through all of them.
    private static let lines = [
        #"  def route(self, name=\"chat\"):\n"#,
        #"\t\treturn {\"model\": \"small\", \"cost\": 0.15, \"tags\": [\"eu\", \"prod\"]}\n"#,
        #"She said \"yes, but only on Fridays\", and closed the lid.\n"#,
        #"| \"p50\" | \"p99\" | \"max\" |\n|---|---|---|\n"#,
        #"The caf\u00e9's menu lists na\u00efve \"specials\" at 3 €.\n"#,
        #"path = \"C:\\\\Users\\\\me\\\\notes.txt\"\n"#,
        #"    if x == \"\\n\" or y == '\\t':\n        continue\n"#,
        #"Plain prose with no quotes at all runs on for a while here, as most answers do now and then.\n"#,
        #"<a href=\"https:\/\/example.org\/?q=1\" title=\"a \\\"b\\\" c\">here</a>\n"#,
        #"```json\n{\"a\": [1, 2, {\"b\": \"c\"}]}\n```\n"#,
        #"日本語の文も少し \"混ぜる\"。\n"#,
        #"In short: keep the first answer, compare the second with it, and ask again only when the two do not agree.\n"#,
        #"The measurement was repeated five times on the same machine with nothing else running beside it.\n"#,
    ]
}
