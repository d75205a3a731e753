import Routing
import Translation
import Wire

/// Writes events down as lines of text, pieces of one block joined, so that tests can compare what a reader made of a reply.
final class EventRecorder: ReplyWriter {
    var lines: [String] = []
    var output = JSONWriter()
    let loss = Loss()
    /// The last usage said.
    private(set) var usage: Usage?
    private(set) var ended = false
    private var pieces = ""
    private var isArguments = false

    func write(_ event: ReplyEvent) {
        switch event {
        case .began(let id, let model, let created):
            lines.append("began \(id?.string ?? "-") \(model?.string ?? "-") \(created.map(String.init) ?? "-")")
        case .opened(let block):
            pieces = ""
            if case .toolCall = block.kind { isArguments = true } else { isArguments = false }
            lines.append("open \(block.choice) \(Self.name(block.kind))")
        case .piece(let text): pieces += text.string
        case .seal(let seal): lines.append("seal \(seal.origin.rawValue) \(seal.kind.rawValue) \(seal.data.string)")
        case .citation(let json, let api): lines.append("citation \(api.name) \(Self.text(json))")
        case .closed: lines.append("close \(pieces.isEmpty && isArguments ? "{}" : pieces)")
        case .finished(let choice, let reason, let sequence):
            lines.append("finished \(choice) \(reason)\(sequence.map { " \($0.string)" } ?? "")")
        case .logprobs(let choice, let json): lines.append("logprobs \(choice) \(Self.text(json))")
        case .usage(let usage): self.usage = usage
        case .tier(let tier): lines.append("tier \(tier.string)")
        case .failed(let reply):
            lines.append("failed \(reply.status) \(reply.type ?? "-") \(reply.code ?? "-") \(reply.message ?? "-")")
        }
    }

    func end() { ended = true }

    private static func name(_ kind: Block.Kind) -> String {
        switch kind {
        case .text: "text"
        case .refusal: "refusal"
        case .reasoning(let id): "reasoning \(id?.string ?? "-")"
        case .toolCall(let id, let name): "call \(id?.string ?? "-") \(name.string)"
        case .media(let media): "media \(media.kind) \(media.type?.string ?? "-")"
        case .native(let type, let json, let api): "native \(api.name) \(type.string) \(text(json))"
        }
    }

    private static func text(_ json: JSONSlice) -> String { String(decoding: json.bytes, as: UTF8.self) }
}
