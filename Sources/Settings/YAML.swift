import Schema
import Yams

/// Reads YAML, and so JSON, into nodes that know their lines.
public enum YAML {
    /// Nodes of a document, aliases written out: a few lines of aliases can mean billions.
    private static let maxNodes = 200_000
    private static let maxDepth = 64
    private static let maxDuplicates = 100
    /// Put before a name that is written twice, so that the parser lets it pass and all problems are found in one reading. From the
    /// range of Unicode that nobody assigns.
    private static let mark: Unicode.Scalar = "\u{E6A0}"

    /// Nil when it is no YAML; the problem says where.
    public static func read(_ text: String, problems: inout [Problem]) -> Schema.Node? {
        if let node = json(text) { return node }
        var text = text
        for round in 1...maxDuplicates {
            do {
                guard let root = try Yams.compose(yaml: text) else { return .map([], line: 1) }
                var converter = Converter()
                let node = converter.node(root, depth: 0)
                problems += converter.problems
                return converter.problems.isEmpty ? node : nil
            } catch YamlError.duplicatedKeysInMapping(_, let context) {
                guard let next = markName(at: context.mark, times: round, in: text) else {
                    problems.append(Problem("", line: max(1, context.mark.line), "a name is written twice in one map"))
                    return nil
                }
                text = next
            } catch {
                problems.append(problem(error))
                return nil
            }
        }
        problems.append(Problem("", line: 1, "more than \(maxDuplicates) names are written twice"))
        return nil
    }

    /// YAML has no pairs of escapes for one character (`\ud83d\ude00`), which JSON of many programs is full of. Nil: it is no JSON.
    private static func json(_ text: String) -> Schema.Node? {
        guard let first = text.utf8.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }), first == 0x7b || first == 0x5b else { return nil }
        return Array(text.utf8).withUnsafeBytes { JSONNode.read($0, mostNodes: maxNodes, countsLines: true) }
    }

    /// Without the lines that a parser's own message quotes: they may hold secrets.
    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            Problem("", line: max(1, mark.line), "is not valid YAML: \(problem)")
        case YamlError.reader(let problem, _, _, _): Problem("", line: 1, "is not valid YAML: \(problem)")
        default: Problem("", line: 1, "is not valid YAML")
        }
    }

    /// The text with marks before the name at `place`, so many that no other name has as many.
    private static func markName(at place: Mark, times: Int, in text: String) -> String? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.unicodeScalars) }
        var column = place.column - 1
        guard lines.indices.contains(place.line - 1), lines[place.line - 1].indices.contains(column) else { return nil }
        if "\"'".unicodeScalars.contains(lines[place.line - 1][column]) { column += 1 }
        lines[place.line - 1].insert(contentsOf: Array(repeating: mark, count: times), at: column)
        return lines.map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n")
    }

    private struct Converter {
        var problems: [Problem] = []
        private var count = 0

        mutating func node(_ node: Yams.Node, depth: Int) -> Schema.Node {
            let line = node.mark?.line ?? 0
            count += 1
            guard count <= YAML.maxNodes, depth <= YAML.maxDepth else {
                if problems.isEmpty {
                    problems.append(
                        Problem("", line: line, "is too large: more than \(YAML.maxNodes) values, or nested deeper than \(YAML.maxDepth)"))
                }
                return .plain("", line: line)
            }
            guard problems.isEmpty else { return .plain("", line: line) }
            switch node {
            case .scalar(let scalar):
                return Schema.Node(.scalar(scalar.string, quoted: scalar.style != .plain && scalar.style != .any), line: line)
            case .sequence(let items):
                return Schema.Node(.list(items.map { self.node($0, depth: depth + 1) }), line: line)
            case .mapping(let pairs):
                return Schema.Node(.map(merged(pairs.compactMap { entry($0.key, $0.value, depth: depth) })), line: line)
            case .alias:
                problems.append(Problem("", line: line, "has an alias that refers to nothing"))
                return .plain("", line: line)
            }
        }

        /// `<<: *defaults`, or a list of them: what they say counts where nothing nearer says it (YAML 1.1, "Merge key").
        private mutating func merged(_ entries: [Schema.Node.Entry]) -> [Schema.Node.Entry] {
            guard entries.contains(where: { $0.name == "<<" }) else { return entries }
            var all = entries.filter { $0.name != "<<" }
            var names = Set(all.map(\.name))
            for entry in entries where entry.name == "<<" {
                for map in entry.node.items ?? [entry.node] {
                    if map.entries == nil {
                        problems.append(Problem("", line: entry.line, "`<<` must be followed by a map or a list of maps"))
                    }
                    for other in map.entries ?? [] where names.insert(other.name).inserted { all.append(other) }
                }
            }
            return all
        }

        private mutating func entry(_ key: Yams.Node, _ value: Yams.Node, depth: Int) -> Schema.Node.Entry? {
            let line = key.mark?.line ?? 0
            guard case .scalar(let name) = key else {
                problems.append(Problem("", line: line, "a name in a map must be a single value"))
                return nil
            }
            let written = String(String.UnicodeScalarView(name.string.unicodeScalars.drop { $0 == YAML.mark }))
            return Schema.Node.Entry(written, line: line, node(value, depth: depth + 1))
        }
    }
}
