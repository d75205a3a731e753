import Routing
import Wire

@testable import Translation

/// Answers of made-up blocks, the same ones for the same seed.
struct MadeEvents {
    private var state: UInt64
    private let texts = Conversation()

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    private mutating func below(_ count: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(count))
    }

    private static let words = ["a", "\"quoted\"", "back\\slash", "new\nline", "größe", "日本", "🙂", "\u{1}", " ", "</script>", "\t", "{}"]

    /// Plain or as the inside of a JSON string.
    private mutating func text() -> TextSlice {
        let text = (0...below(3)).map { _ in Self.words[below(Self.words.count)] }.joined()
        return below(2) == 0 ? texts.keep(text) : quoted(text)
    }

    private func quoted(_ text: String) -> TextSlice {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        let kept = texts.keep(Array(bytes.dropFirst().dropLast()))
        return TextSlice(quoted: kept.bytes, hasEscapes: kept.bytes.contains(UInt8(ascii: "\\")))
    }

    mutating func answer(origin: Seal.Origin) -> [ReplyEvent] {
        var events: [ReplyEvent] = [.began(id: "id-1", model: "model-1", createdUnixSeconds: nil)]
        var usage = Usage()
        (usage.input, usage.output) = (Int64(below(1_000)), Int64(below(1_000)))
        (usage.cachedInput, usage.cacheWrite) = (Int64(below(50)), Int64(below(50)))
        events.append(.usage(usage))
        var hasCalls = false
        for number in 0..<below(5) {
            switch below(4) {
            case 0:
                events.append(.opened(Block(.reasoning(id: nil))))
                if below(3) > 0 { for _ in 0...below(3) { events.append(.piece(text())) } }
                events.append(.seal(Seal(origin, .signature, texts.keep("c2lnbmF0dXJl"))))
            case 1:
                events.append(.opened(Block(.reasoning(id: nil))))
                events.append(.seal(Seal(origin, .redacted, texts.keep("cmVkYWN0ZWQ="))))
            case 2:
                hasCalls = true
                events.append(.opened(Block(.toolCall(id: texts.keep("call_\(number)"), name: "look"))))
                if below(3) > 0 {
                    for piece in ["{\"a\":", " \"b\\\"c\"", "}"] { events.append(.piece(quoted(piece))) }
                }
            default:
                events.append(.opened(Block(.text)))
                for _ in 0...below(4) { events.append(.piece(text())) }
            }
            events.append(.closed)
        }
        let reason: FinishReason = hasCalls ? .toolCalls : [.stop, .length, .contextFull][below(3)]
        events.append(.finished(choice: 0, reason, stopSequence: nil))
        return events
    }
}
