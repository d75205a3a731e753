import Routing

/// Whether prompts are made shorter before a deployment is asked, and how far.
public struct Compression: Hashable, Sendable {
    public enum Mode: UInt8, Sendable {
        case off
        /// What does not fit into the model's context window is made to fit.
        case contextWindow
        /// Every prompt comes down to a share of its tokens.
        case cost
    }

    public var mode: Mode
    /// Of `cost`: the share of its tokens that a prompt is to keep, above 0, at most 1.
    public var ratio: Double

    public init(_ mode: Mode = .off, ratio: Double = usualRatio) {
        self.mode = mode
        self.ratio = ratio
    }

    public static let usualRatio = 0.7
    /// Room for the answer, and for tokens that are counted otherwise than estimated.
    private static let margin: Int64 = 15

    /// What a prompt may fill of a window.
    public static func limit(ofWindow window: Int64) -> Int64 { window - window.multipliedReportingOverflow(by: margin).partialValue / 100 }

    /// The tokens that a prompt of so many is to come down to.
    func goal(of tokens: Int64, window: Int64) -> Int64 {
        let limit = Self.limit(ofWindow: window)
        return mode == .cost ? min(limit, Int64(Double(tokens) * ratio)) : limit
    }
}

/// What a prompt came down to, in tokens by the gateway's estimate.
public struct PromptSaving: Hashable, Sendable {
    /// White space between the tokens of the body counts in neither: no provider sees it.
    public var before: Int64
    public var after: Int64
    /// Messages, or items, that were left out.
    public var dropped = 0

    public init(before: Int64, after: Int64, dropped: Int = 0) {
        self.before = before
        self.after = after
        self.dropped = dropped
    }

    public var tokens: Int64 { max(0, before - after) }
}

/// A request's body with less in it, still of its dialect.
public struct CompressedPrompt {
    public let body: [UInt8]
    public let call: Call
    public let saving: PromptSaving
}

extension PromptSize {
    public init(_ call: Call, bodyBytes: Int) {
        self.init(
            textBytes: Int64(call.textBytes), bodyBytes: Int64(bodyBytes), images: Int64(call.images), attachmentBytes: Int64(call.attachmentBytes),
            hasTools: call.needs.contains(.tools))
    }
}
