import FoundationEssentials
import Schema

/// A file of catalogue rows: one JSON object a line, empty lines and lines that begin with `#` aside. LiteLLM's map of prices is read too.
public struct CatalogueFile: Sendable {
    public var rows: [ModelFacts] = []
    public var problems: [Problem] = []
    /// Entries of a foreign file that say nothing to us: other providers, other kinds of models, no price.
    public var skipped = 0
    /// It is LiteLLM's map, which says less than our rows.
    public var isForeign = false

    public static let mostBytes = 32 << 20

    public static func read(path: String) -> CatalogueFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            return CatalogueFile(problems: [Problem("", line: 0, "cannot be read: there is no such file, or it is not readable")])
        }
        guard data.count <= mostBytes else { return CatalogueFile(problems: [Problem("", line: 0, "is larger than 32 MiB")]) }
        guard let text = String(validating: data, as: UTF8.self) else { return CatalogueFile(problems: [Problem("", line: 0, "is not UTF-8")]) }
        return read(text)
    }

    /// Reads text in either form. - Parameter day: For rows whose file does not say when it was so.
    public static func read(_ text: String, day: Moment = .today) -> CatalogueFile {
        let first = text.split(separator: "\n").first { !isRemark($0) } ?? ""
        let isOurs = JSONNode.read(String(first)).map { $0["model"]?.scalar != nil } ?? false
        let start = first.first { !$0.isWhitespace }
        if !isOurs, start == "{", let foreign = LiteLLMPrices.read(text, day: day) { return foreign }
        return rows(of: text, provider: nil)
    }

    private static func isRemark(_ line: Substring) -> Bool {
        let start = line.first { !$0.isWhitespace }
        return start == nil || start == "#"
    }

    static func rows(of text: String, provider: String?) -> CatalogueFile {
        var file = CatalogueFile()
        var reader = FactsReader()
        var lines: [String: Int] = [:]
        for (offset, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where !isRemark(line) {
            guard let node = JSONNode.read(String(line)) else {
                reader.problem("", offset + 1, "is not valid JSON: each row is an object on a line of its own")
                continue
            }
            guard let facts = reader.facts(node, line: offset + 1, provider: provider) else { continue }
            for name in [facts.model] + facts.aliases {
                if let first = lines.updateValue(offset + 1, forKey: "\(facts.provider)/\(name.lowercased())") {
                    reader.problem(facts.name, offset + 1, "`\(name)` stands on line \(first) already")
                }
            }
            file.rows.append(facts)
        }
        file.problems = reader.problems
        return file
    }
}

extension Moment {
    public static var now: Moment { Moment(seconds: Int64(Date().timeIntervalSince1970)) }
    /// This day's beginning.
    public static var today: Moment { Moment(seconds: now.seconds / 86_400 * 86_400) }
}
