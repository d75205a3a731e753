/// What a translation could not carry over, by the JSON path in the client's request or the provider's reply. It is said in the
/// header `x-swiftlet-loss`, or the request is refused, as `on_loss` wants. Never silent.
public struct Loss: Sendable {
    /// E.g. `messages[2].content[0].cache_control`. At most `most`, each once.
    public private(set) var paths: [String] = []
    /// So many more were lost than there are paths.
    private var unnamed = 0

    private static let most = 24
    /// Bytes of a header's value: clients and proxies refuse heads of more than 8 KB in all.
    private static let mostBytes = 1_024
    /// Of one path, whose members may be named by the client.
    private static let mostOfPath = 160

    public init() {}

    public var isEmpty: Bool { paths.isEmpty }
    /// More were lost than there are paths.
    public var isCut: Bool { unnamed > 0 }

    public mutating func lose(_ path: String) {
        guard !paths.contains(path) else { return }
        if paths.count < Self.most { paths.append(path) } else { unnamed += 1 }
    }

    /// Both, each path once.
    public func joined(with other: Loss) -> Loss {
        var joined = self
        for path in other.paths { joined.lose(path) }
        joined.unnamed += other.unnamed
        return joined
    }

    /// Header value: paths as far as there is room, and how many more there are.
    public var line: String {
        var parts: [String] = []
        var room = Self.mostBytes - 32
        for path in paths {
            let part = Self.shortened(path)
            let size = part.utf8.reduce(2) { $0 + Self.size($1) }
            guard size <= room else { break }
            room -= size
            parts.append(part)
        }
        let rest = paths.count - parts.count + unnamed
        return (parts + (rest == 0 ? [] : ["and \(rest) more"])).joined(separator: ", ")
    }

    private static func shortened(_ path: String) -> String {
        guard path.utf8.reduce(0, { $0 + size($1) }) > mostOfPath else { return path }
        var short = ""
        var room = mostOfPath - 3
        for scalar in path.unicodeScalars {
            room -= scalar.utf8.reduce(0) { $0 + size($1) }
            guard room >= 0 else { break }
            short.unicodeScalars.append(scalar)
        }
        return short + "..."
    }

    /// In a header all but plain characters are written as `%41`.
    private static func size(_ byte: UInt8) -> Int { byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "%") ? 1 : 3 }
}
