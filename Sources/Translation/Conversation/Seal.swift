import Wire

/// Something opaque that a provider wants back unchanged: the signature of a thinking block, redacted thinking, Gemini's
/// thought signature, an encrypted reasoning item. Whoever did not issue it refuses it, so it never goes to another.
///
/// A client of the issuer's own dialect gets it bare. In other dialects it travels in the place for the dialect's own opaque
/// text, as `swl1:ORIGIN:KIND:DATA`, and comes back the same way.
public struct Seal {
    /// Who issues seals. Those of one origin are valid at every endpoint of that origin.
    public enum Origin: String, CaseIterable, Sendable {
        /// Anthropic's, wherever it is served.
        case anthropic
        case gemini, openai, xai, deepseek, openrouter
        /// Other models on Bedrock.
        case bedrock
    }

    public enum Kind: String, Sendable {
        /// Vouches for the visible text beside it.
        case signature = "s"
        /// Is the thought itself, unreadable.
        case redacted = "r"
        /// Belongs to a call or text rather than to thoughts: Gemini's `thoughtSignature`.
        case thought = "t"
    }

    public var origin: Origin
    public var kind: Kind
    public var data: TextSlice

    public init(_ origin: Origin, _ kind: Kind, _ data: TextSlice) { (self.origin, self.kind, self.data) = (origin, kind, data) }

    static let mark: StaticString = "swl1:"

    /// How it travels through a dialect that is not its origin's.
    public var packed: String { "\(Self.mark)\(origin.rawValue):\(kind.rawValue):\(data.string)" }

    /// Reads what stands in a dialect's place for opaque text: one of ours, or one that the dialect's own `origin` issued.
    public static func read(_ text: TextSlice, kind: Kind, bare origin: Origin, keep: (String) -> TextSlice) -> Seal? {
        guard !text.isEmpty else { return nil }
        guard text.bytes.count > mark.utf8CodeUnitCount, UnsafeRawBufferPointer(rebasing: text.bytes[..<mark.utf8CodeUnitCount]).says(mark) else {
            return Seal(origin, kind, text)
        }
        let fields = text.string.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        guard fields.count == 4, let origin = Origin(rawValue: String(fields[1])), let kind = Kind(rawValue: String(fields[2])) else { return nil }
        return Seal(origin, kind, keep(String(fields[3])))
    }
}
