/// What is wrong with a document, or what its author should know.
public struct Problem: Hashable, Sendable, Error {
    public enum Severity: Hashable, Sendable {
        /// The document is refused.
        case error
        case warning
    }

    /// Like `models.chat.deployments[0].provider`; empty for the document as a whole.
    public var path: String
    /// Counted from 1; 0 where it stands in no file.
    public var line: Int
    public var message: String
    public var severity: Severity

    public init(_ path: String, line: Int, _ message: String, severity: Severity = .error) {
        self.path = path
        self.line = line
        self.message = message
        self.severity = severity
    }

    /// `FILE:LINE: path: message`, the same form for all problems, so that editors and scripts find the place.
    public func text(file: String) -> String {
        let note = severity == .warning ? "warning: " : ""
        return "\(file):\(line): \(path.isEmpty ? "document" : path): \(note)\(message)"
    }
}

extension [Problem] {
    public var errors: [Problem] { filter { $0.severity == .error } }
    public var warnings: [Problem] { filter { $0.severity == .warning } }
    /// By line, those of one line as they were found.
    public var inOrder: [Problem] {
        enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
    }
}
