import Wire

@testable import Translation

/// Made-up values, the same for the same seed.
struct Chance {
    private var state: UInt64
    private var number = 0
    let kept: Conversation

    init(seed: UInt64, keptBy kept: Conversation) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        self.kept = kept
        for _ in 0..<4 { _ = below(2) }
    }

    mutating func below(_ count: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int((state >> 11) % UInt64(count))
    }

    /// True once in so many times.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }
    mutating func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }
    mutating func maybe<Value>(_ count: Int, _ value: (inout Chance) -> Value) -> Value? { once(in: count) ? value(&self) : nil }

    private static let words = ["a", "\"quoted\"", "back\\slash", "new\nline", "größe", "日本", "🙂", "\u{1}", " ", "</script>", "\t", "{}", "null"]

    /// Text that occurs once, plain or as the inside of a JSON string.
    mutating func text() -> TextSlice {
        number += 1
        let words = (0..<below(4)).map { _ in Self.words[below(Self.words.count)] }
        let text = ([words.isEmpty ? "t\(number)." : "t\(number) "] + words).joined()
        return once(in: 2) ? kept.keep(text) : quoted(text)
    }

    /// A word that occurs once, fit for names and ids.
    mutating func word(_ kind: String) -> TextSlice {
        number += 1
        return kept.keep("\(kind)_\(number)")
    }

    func quoted(_ text: String) -> TextSlice {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        let inside = kept.keep(Array(bytes.dropFirst().dropLast()))
        return TextSlice(quoted: inside.bytes, hasEscapes: inside.bytes.contains(UInt8(ascii: "\\")))
    }

    func json(_ text: String) -> JSONSlice { kept.keep(json: Array(text.utf8)) }

    /// A schema with something of its own in it.
    mutating func schema() -> JSONSlice {
        number += 1
        return json(
            #"{"type":"object","properties":{"p\#(number)":{"type":"string","description":"größe \"x\""}},"required":["p\#(number)"],"#
                + #""additionalProperties":false}"#)
    }

    /// The arguments of a call: an object as it stands, or a string that spells it.
    mutating func arguments() -> TextSlice {
        number += 1
        let object = one(of: [
            "{}", #"{"p": "v\#(number)", "n": 1.50, "deep": [{"a": null}]}"#, #"{"b":"\"\\ü\#(number)"}"#, "{ \"x\" : \(number) }",
        ])
        return once(in: 2) ? kept.keep(object) : quoted(object)
    }
}
