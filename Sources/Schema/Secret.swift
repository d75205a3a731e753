/// A key or a credential. It can be used, and it can not be shown: whatever prints it prints where it came from.
public struct Secret: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
        /// Stands in the document itself.
        case literal
        case environment(String)
        case file(String)
    }

    public enum Finding: Sendable {
        case found(String)
        /// Why not, without any part of the secret.
        case missing(String)
    }

    /// What is shown in place of a literal one.
    public static let cover = "****"

    public let source: Source
    private let text: String

    public init(_ text: String, source: Source = .literal) {
        self.text = text
        self.source = source
    }

    /// The secret itself, for the one place that needs it.
    public func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch source {
        case .literal: Self.cover
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

extension Secret: SettingValue {
    public static let shape = Shape.text("secret", example: "env:NAME")
    public var written: String? { description }

    /// No message holds any part of what was written, for it may be the secret itself.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Secret? {
        guard let text = node.scalar, !text.isEmpty else {
            reading.problem(path, node.line, "expected a secret: env:NAME, file:PATH or the text itself")
            return nil
        }
        // As a secret it would let in whoever has seen an export.
        guard text != cover else {
            reading.problem(path, node.line, "`\(cover)` stands where a secret is not shown: write env:NAME, file:PATH or the text itself")
            return nil
        }
        let source = source(of: text)
        guard source != .literal else { return Secret(text) }
        switch reading.secrets(source) {
        case .found(let secret) where !secret.isEmpty: return Secret(secret, source: source)
        case .found: reading.problem(path, node.line, "\(text) is empty")
        case .missing(let why): reading.problem(path, node.line, why)
        }
        return nil
    }

    private static func source(of text: String) -> Source {
        if text.hasPrefix("env:") { return .environment(String(text.dropFirst(4))) }
        if text.hasPrefix("file:") { return .file(String(text.dropFirst(5))) }
        return .literal
    }
}
