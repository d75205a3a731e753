/// What a translation could not carry over, by the JSON path in the client's request or the provider's reply. It is said in the
/// header `x-swiftlet-loss`, or the request is refused, as `on_loss` wants. Never silent.
public struct Loss: Sendable {
    /// E.g. `messages[2].content[0].cache_control`. At most `most`, each once.
    public private(set) var paths: [String] = []
    /// More were lost than are named.
    public private(set) var isCut = false

    private static let most = 24

    public init() {}

    public var isEmpty: Bool { paths.isEmpty }

    public mutating func lose(_ path: String) {
        guard !paths.contains(path) else { return }
        if paths.count < Self.most { paths.append(path) } else { isCut = true }
    }

    /// Both, each path once.
    public func joined(with other: Loss) -> Loss {
        var joined = self
        for path in other.paths { joined.lose(path) }
        joined.isCut = joined.isCut || other.isCut
        return joined
    }

    /// Header value.
    public var line: String { paths.joined(separator: ", ") + (isCut ? ", ..." : "") }
}
