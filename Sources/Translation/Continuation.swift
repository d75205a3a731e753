import Routing
import Wire

/// The writer of a stream that may be carried on by another provider: it knows what the client has got, and joins what comes
/// next to it. Only a plain text can be carried on: no calls, no thoughts, no second answer, nothing sealed or cited.
public final class Continuation: ReplyWriter {
    /// Bytes of text that are kept; a longer one is not carried on.
    static let largest = 1 << 20

    /// Some of the answer has come from a provider that then broke off.
    public private(set) var isResumed = false
    /// What those providers are paid for.
    public private(set) var spent = Usage()
    public var canResume: Bool { isPlain && !hasFinished }

    private let inner: any ReplyWriter
    private var text: [UInt8] = []
    private var isPlain = true
    private var hasFinished = false
    private var isOpen = false
    /// Within a block that comes in the middle of the text, and has no place there.
    private var isSkipping = false
    /// White space at the end of what the client has. The next provider is not shown it, since some refuse an answer that ends
    /// so, and may therefore say it again.
    private var blank: ArraySlice<UInt8> = []

    public init(_ inner: any ReplyWriter) { self.inner = inner }

    public var output: JSONWriter {
        get { inner.output }
        set { inner.output = newValue }
    }

    public var loss: Loss { inner.loss }
    public func end() { inner.end() }

    /// Another provider is to go on. `usage` is what the last one is paid for.
    public func resume(spent usage: Usage) {
        isResumed = true
        isSkipping = false
        spent = spent + usage
        blank = text[(text.lastIndex { !Self.isBlank($0) }.map { $0 + 1 } ?? 0)...]
    }

    /// Puts what the client has got at the end of its request, as the beginning of the answer.
    public func extend(_ conversation: Conversation) {
        let shown = text[..<blank.startIndex]
        if let limit = conversation.maxTokens?.integer, spent.totalOutput > 0 {
            conversation.maxTokens = conversation.keep(json: Array("\(max(1, limit - spent.totalOutput))".utf8))
        }
        guard !shown.isEmpty else { return }
        let part = Part.text(TextPart(conversation.keep(Array(shown))))
        if conversation.messages.last?.role == .assistant {
            conversation.messages[conversation.messages.count - 1].parts.append(part)
        } else {
            conversation.messages.append(Message(.assistant, [part]))
        }
        conversation.isUnfinished = true
    }

    public func write(_ event: ReplyEvent) {
        switch event {
        case .began: if isResumed { return }
        case .opened(let block): if !opens(block) { return }
        case .piece(let piece):
            if isSkipping { return }
            if isOpen, isPlain { return say(piece) }
        case .closed:
            if isSkipping {
                isSkipping = false
                return
            }
            isOpen = false
        case .seal, .citation, .logprobs:
            if isSkipping { return }
            isPlain = false
        case .finished: hasFinished = true
        case .usage(let usage): if isResumed { return inner.write(.usage(spent + usage)) }
        case .tier: if isResumed { return }
        case .failed: break
        }
        inner.write(event)
    }

    /// False: the client is not to hear of it.
    private func opens(_ block: Block) -> Bool {
        if case .text = block.kind, block.choice == 0 {
            defer { isOpen = true }
            return !isOpen
        }
        if isResumed, isOpen {
            if case .reasoning = block.kind {
                isSkipping = true
                return false
            }
            inner.write(.closed)
            isOpen = false
        }
        isPlain = false
        return true
    }

    private func say(_ piece: TextSlice) {
        let start = text.count
        piece.decode { text.append($0) }
        if text.count > Self.largest {
            text = []
            blank = []
            isPlain = false
        }
        guard isPlain, !blank.isEmpty else { return inner.write(.piece(piece)) }
        let said = text[start...]
        let same = zip(blank, said).prefix { $0 == $1 }.count
        // What the client has already is not kept twice either.
        blank = same == said.count ? blank.dropFirst(same) : []
        let rest = Array(said.dropFirst(same))
        text.removeSubrange(start..<start + same)
        guard !rest.isEmpty else { return }
        rest.withUnsafeBytes { inner.write(.piece(TextSlice(plain: $0))) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
