import NIOCore
import Routing
import Translation

/// A request's body made shorter for one deployment.
final class ShorterPrompt {
    let deployment: Deployment.ID
    let body: ByteBuffer
    let call: Call
    let saving: PromptSaving

    init(_ prompt: CompressedPrompt, for deployment: Deployment.ID) {
        self.deployment = deployment
        body = ByteBuffer(bytes: prompt.body)
        (call, saving) = (prompt.call, prompt.saving)
    }
}

/// Context compression: each attempt sends as much of a prompt as its deployment can take, or as its project wants to pay for.
extension Exchange {
    /// What the attempt in progress sends.
    var sentCall: Call { shorter?.call ?? request.call }
    var sentBody: ByteBuffer { shorter?.body ?? request.body }

    /// Where nobody knows how much a model takes the prompt goes as it came, and wherever anything is in doubt.
    func shorten(for target: Target, at deployment: Deployment.ID) {
        if let shorter, shorter.deployment == deployment { return }
        shorter = nil
        let compression = live.compression(of: request)
        guard compression.mode != .off, let window = target.contextWindow else { return }
        let compressor = Compressor(compression, window: window) { target.estimator.expected($0, at: target) }
        guard let prompt = request.body.withUnsafeReadableBytes({ compressor.compress($0, request.call) }) else { return }
        shorter = ShorterPrompt(prompt, for: deployment)
    }

    /// A provider has counted what was sent: the next prompt's tokens are estimated by that.
    func learn(from usage: Usage) {
        guard let target, !usage.estimated, usage != Usage() else { return }
        target.estimator.learn(usage.totalInput, of: PromptSize(sentCall, bodyBytes: sentBody.readableBytes), at: target)
    }

    /// The header line that says what was left out.
    var savingLine: ByteBuffer? {
        guard let saving = shorter?.saving else { return nil }
        return ByteBuffer(string: "x-swiftlet-compression: tokens=\(saving.before)->\(saving.after), dropped=\(saving.dropped)\r\n")
    }
}

extension Live {
    /// How prompts of a request are made shorter: its project's way, or that of requests without one.
    func compression(of request: Admitted) -> Compression {
        request.entry.project.flatMap { compressions[$0] } ?? blueprint.compression
    }
}

/// What compression left out of prompts that were served.
struct CompressionCounts: Sendable {
    private(set) var requests = 0
    private(set) var savedTokens: Int64 = 0
    private(set) var dropped = 0

    mutating func add(_ saving: PromptSaving) {
        requests += 1
        savedTokens &+= saving.tokens
        dropped += saving.dropped
    }

    mutating func add(_ other: CompressionCounts) {
        requests += other.requests
        savedTokens &+= other.savedTokens
        dropped += other.dropped
    }
}
