import Routing
import Wire

@testable import Translation

/// An answer of made-up blocks with everything that a provider may say of it.
struct MadeAnswer {
    private var chance: Chance
    private var events: [ReplyEvent] = []

    /// The slices of the events are of use as long as `kept` is.
    static func make(seed: UInt64, origin: Seal.Origin?, keptBy kept: Conversation, choices: Int = 1) -> [ReplyEvent] {
        var making = MadeAnswer(chance: Chance(seed: seed, keptBy: kept))
        making.events.append(.began(id: "id-1", model: "model-1", createdUnixSeconds: nil))
        if making.chance.once(in: 3) { making.events.append(.tier(TextSlice(making.chance.one(of: ["default", "priority"])))) }
        for choice in 0..<(making.chance.once(in: 4) ? choices : 1) { making.choice(choice, origin) }
        making.events.append(.usage(making.usage()))
        return making.events
    }

    private init(chance: Chance) { self.chance = chance }

    private mutating func choice(_ choice: Int, _ origin: Seal.Origin?) {
        if chance.once(in: 2) { thoughts(choice, origin) }
        var calls = 0
        if chance.once(in: 10) {
            block(Block(choice: choice, .refusal), [chance.text()])
            events.append(.finished(choice: choice, .refusal, stopSequence: nil))
            return
        }
        if chance.below(4) > 0 { text(choice) }
        if chance.once(in: 3) {
            for _ in 0...chance.below(2) {
                call(choice, origin)
                calls += 1
            }
        } else if chance.once(in: 12) {
            let media = Media(.image, .base64("aGVsbG8="), type: "image/png")
            block(Block(choice: choice, .media(media)), [])
        }
        if calls > 0 {
            events.append(.finished(choice: choice, .toolCalls, stopSequence: nil))
        } else {
            let reason = chance.one(of: [FinishReason.stop, .stop, .length, .contentFilter, .pause, .contextFull])
            let sequence = reason == .stop ? chance.maybe(4) { $0.word("END") } : nil
            events.append(.finished(choice: choice, reason, stopSequence: sequence))
        }
    }

    private mutating func block(_ block: Block, _ pieces: [TextSlice]) {
        events.append(.opened(block))
        for piece in pieces { events.append(.piece(piece)) }
        events.append(.closed)
    }

    private mutating func text(_ choice: Int) {
        events.append(.opened(Block(choice: choice, .text)))
        for _ in 0...chance.below(4) { events.append(.piece(chance.text())) }
        if chance.once(in: 8) {
            events.append(.logprobs(choice: choice, chance.json(#"{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}]}"#)))
        }
        events.append(.closed)
    }

    private mutating func thoughts(_ choice: Int, _ origin: Seal.Origin?) {
        events.append(.opened(Block(choice: choice, .reasoning(id: nil))))
        let isRedacted = chance.once(in: 4) && origin != nil
        if !isRedacted { for _ in 0...chance.below(3) { events.append(.piece(chance.text())) } }
        if let origin, isRedacted || chance.once(in: 2) {
            events.append(.seal(Seal(origin, isRedacted ? .redacted : .signature, chance.kept.keep("c2VhbGVk\(chance.below(9))w=="))))
        }
        events.append(.closed)
    }

    private mutating func call(_ choice: Int, _ origin: Seal.Origin?) {
        events.append(.opened(Block(choice: choice, .toolCall(id: chance.word("call"), name: chance.word("tool")))))
        if origin == .gemini, chance.once(in: 3) { events.append(.seal(Seal(.gemini, .thought, "dGhvdWdodA=="))) }
        let (arguments, cut) = (chance.arguments(), chance.below(3))
        if arguments.form == .quoted, !arguments.hasEscapes, cut > 0 {
            let bytes = arguments.bytes
            events.append(.piece(TextSlice(quoted: UnsafeRawBufferPointer(rebasing: bytes[..<cut]), hasEscapes: false)))
            events.append(.piece(TextSlice(quoted: UnsafeRawBufferPointer(rebasing: bytes[cut...]), hasEscapes: false)))
        } else {
            events.append(.piece(arguments))
        }
        events.append(.closed)
    }

    private mutating func usage() -> Usage {
        var usage = Usage()
        (usage.input, usage.output) = (Int64(chance.below(1_000)), Int64(chance.below(1_000)))
        if chance.once(in: 2) { usage.cachedInput = Int64(chance.below(500)) }
        if chance.once(in: 3) { usage.cacheWrite = Int64(chance.below(500)) }
        if chance.once(in: 6) { usage.cacheWriteHour = Int64(chance.below(500)) }
        if chance.once(in: 2) { usage.reasoning = Int64(chance.below(500)) }
        if chance.once(in: 8) { (usage.audioInput, usage.audioOutput) = (Int64(chance.below(90)), Int64(chance.below(90))) }
        return usage
    }
}
