import Routing
import Wire

@testable import Translation

/// Writes down what an answer says, so that two of them can be compared however their dialects arrange it.
final class AnswerFacts: ReplyWriter {
    var output = JSONWriter()
    let loss = Loss()
    /// Each with the name by which a `Loss` may report it.
    private(set) var facts: [(text: String, name: String)] = []
    private(set) var usage = Usage()
    private(set) var hasEnded = false
    private var texts: [String: String] = [:]
    private var open: Block?
    private var pieces = ""
    private var name = ""

    func write(_ event: ReplyEvent) {
        switch event {
        case .began, .citation: break
        case .opened(let block):
            (open, pieces) = (block, "")
            if case .toolCall(_, let called) = block.kind { name = called.string }
            if case .media(let media) = block.kind { media.kind == .image ? facts.append(("\(block.choice) image", "content.image")) : () }
            if case .native(let type, _, _) = block.kind {
                let isImage = type.says("image") || type.says("image_generation_call")
                facts.append(isImage ? ("\(block.choice) image", "content.image") : ("native \(type.string)", "content.\(type.string)"))
            }
        case .piece(let text): pieces += text.string
        case .seal(let seal): facts.append(("\(open?.choice ?? 0) sealed \(Self.core(of: seal.data))", "seal"))
        case .closed: close()
        case .finished(let choice, let reason, let sequence):
            facts.append(("finished \(choice) \(Self.word(reason))", "finish_reason"))
            if let sequence { facts.append(("stopped by \(sequence.string)", "stop_sequence")) }
        case .logprobs(let choice, _): facts.append(("logprobs \(choice)", "logprobs"))
        case .usage(let usage): self.usage = usage
        case .tier(let tier): if !tier.says("default") && !tier.says("standard") { facts.append(("tier \(tier.string)", "service_tier")) }
        case .failed(let reply): facts.append(("failed \(reply.summary)", ""))
        }
    }

    func end() { hasEnded = true }

    /// What the provider sealed, whatever it travels in.
    private static func core(of data: TextSlice) -> String {
        var text = data.string
        if let inner = Base64.decode(data).map({ String(decoding: $0, as: UTF8.self) }), inner.hasPrefix("swl1:") { text = inner }
        return text.hasPrefix("swl1:") ? String(text.split(separator: ":").last ?? "") : text
    }

    private func close() {
        guard let block = open else { return }
        open = nil
        switch block.kind {
        case .text, .refusal: texts["\(block.choice) said", default: ""] += pieces
        case .reasoning: texts["\(block.choice) thought", default: ""] += pieces
        case .toolCall:
            facts.append(("\(block.choice) called \(name) \(RecordedExchange.Meaning.canonical(pieces) ?? pieces)", "content.input"))
        case .media, .native: break
        }
    }

    /// All of it; order matters among calls only, which is kept by their names.
    var all: [(text: String, name: String)] {
        texts.filter { !$0.value.isEmpty }.map { ("\($0.key) \($0.value)", "") } + facts + [
            ("input \(usage.totalInput) output \(usage.totalOutput) cached \(usage.cachedInput)", "usage")
        ]
    }

    /// Not every dialect has a word for declining, pausing and a full context; these say the nearest.
    private static func word(_ reason: FinishReason) -> String {
        switch reason {
        case .stop: "stop"
        case .length, .contextFull: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter, .refusal: "filter"
        case .error: "error"
        case .pause, .other: "other"
        }
    }
}
