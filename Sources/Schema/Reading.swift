/// One reading of a document: gathers what is wrong and knows where secrets come from.
public struct Reading {
    public private(set) var problems: [Problem] = []
    /// A part that is read twice has its problems once.
    private var known: Set<Problem> = []
    /// What `env:NAME` and `file:PATH` stand for, given by whoever may look. Also of use for what settings leave to the environment.
    public let secrets: (Secret.Source) -> Secret.Finding
    /// Path to the environment variable that set it, for messages.
    public var environment: [String: String] = [:]

    public init(secrets: @escaping (Secret.Source) -> Secret.Finding = { _ in .missing("secrets are not looked up here") }) {
        self.secrets = secrets
    }

    public mutating func problem(_ path: String, _ line: Int, _ message: String) { add(path, line, message, .error) }
    public mutating func warning(_ path: String, _ line: Int, _ message: String) { add(path, line, message, .warning) }

    private mutating func add(_ path: String, _ line: Int, _ message: String, _ severity: Problem.Severity) {
        let origin = line == 0 ? environment[path].map { " (set by a flag, or the environment variable \($0))" } : nil
        let problem = Problem(path, line: line, message + (origin ?? ""), severity: severity)
        if known.insert(problem).inserted { problems.append(problem) }
    }

    /// For values of one word that are not secret: the value itself is in the message, cut to 60 characters.
    public mutating func refuse(_ node: Node, at path: String, expected: String) {
        switch node.content {
        case .scalar(let text, _) where !node.isNull: problem(path, node.line, "`\(text.prefix(60))` is not valid; expected \(expected)")
        default: problem(path, node.line, "expected \(expected), found \(node.kind)")
        }
    }

    /// The entries of a map, each name once. A name written twice is a problem; the first one counts.
    public mutating func entries(of node: Node, at path: String, expected: String = "a map") -> [Node.Entry]? {
        guard let entries = node.entries else {
            problem(path, node.line, "expected \(expected), found \(node.kind)")
            return nil
        }
        var first: [String: Int] = [:]
        return entries.filter { entry in
            guard let line = first[entry.name] else {
                first[entry.name] = entry.line
                return true
            }
            problem(path.setting(entry.name), entry.line, "`\(entry.name)` is written twice; first on line \(line)")
            return false
        }
    }
}

extension String {
    /// The path of a setting within the section of this path.
    public func setting(_ name: String) -> String { isEmpty ? name : "\(self).\(name)" }
    public func item(_ index: Int) -> String { "\(self)[\(index)]" }
}
