import Routing
import Wire

@testable import Translation

/// Writes down what events mean, in the words of `RecordedExchange.Meaning`.
final class MeaningRecorder: ReplyWriter {
    var meaning = RecordedExchange.Meaning()
    var output = JSONWriter()
    let loss = Loss()
    /// What was against the grammar of events.
    private(set) var disorder: [String] = []
    private var open: Block?
    /// Of the open call; slices do not outlive the event that brings them.
    private var name = ""
    private var pieces: [UInt8] = []

    func write(_ event: ReplyEvent) {
        switch event {
        case .opened(let block):
            if open != nil { disorder.append("a block opens within another") }
            (open, pieces) = (block, [])
            if case .toolCall(_, let called) = block.kind { name = called.string }
        case .piece(let text):
            if open == nil { disorder.append("a piece outside of blocks") }
            text.decode { pieces.append($0) }
        case .closed: close()
        case .finished(let choice, let reason, _): if choice == 0 { meaning.finish = Self.word(reason) }
        case .usage(let usage): take(usage)
        case .failed: meaning.failed = true
        case .began, .seal, .citation, .logprobs, .tier: break
        }
    }

    func end() { if open != nil { disorder.append("a block is open at the end") } }

    private func close() {
        guard let block = open else {
            disorder.append("closed, but nothing is open")
            return
        }
        open = nil
        guard block.choice == 0 else { return }
        let said = String(decoding: pieces, as: UTF8.self)
        switch block.kind {
        case .text: meaning.text += said
        case .refusal: meaning.refusal += said
        case .reasoning: meaning.thoughts += said
        case .toolCall:
            meaning.calls.append(.init(name: name, arguments: RecordedExchange.Meaning.canonical(said)))
        case .media, .native: break
        }
    }

    private func take(_ usage: Usage) {
        meaning.inputTokens = Int(usage.totalInput)
        meaning.outputTokens = Int(usage.totalOutput)
        meaning.cachedTokens = Int(usage.cachedInput)
    }

    private static func word(_ reason: FinishReason) -> String {
        switch reason {
        case .stop: "stop"
        case .length, .contextFull: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "filter"
        case .refusal: "refusal"
        case .pause: "pause"
        case .error: "error"
        case .other: "other"
        }
    }
}
