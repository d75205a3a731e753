import Foundation
import Testing

/// Words and constructs that do not stand in this code, each with the reason as its name.
@Suite("Words") struct WordTests {
    /// The rules' own words stand in this folder.
    static let ownFolder = "Tests/TidyTests"

    func expectNone(_ pattern: Regex<Substring>, in view: KeyPath<SourceText, String>, of sources: [SourceText], _ why: Comment) {
        for finding in sources.flatMap({ $0.findings(pattern, in: view) }) { Issue.record("\(finding) (\(why))") }
    }

    @Test("nothing switches off the compiler's checks or ends the process")
    func constructs() {
        let sources = Repository.sources()
        expectNone(/@unchecked\s+Sendable/, in: \.code, of: sources, "a lock or an event loop makes it truly Sendable")
        expectNone(/nonisolated\(unsafe\)/, in: \.code, of: sources, "a Mutex or an Atomic says what it means")
        expectNone(/\btry!/, in: \.code, of: sources, "handle it or let it rise")
        expectNone(/\bfatalError\(/, in: \.code, of: sources, "precondition for what types could not rule out")
        expectNone(/\bprint\(/, in: \.code, of: sources, "a log line, or the command line's own output")
        expectNone(/\bdebugPrint\(|\bdump\(/, in: \.code, of: sources, "left over")
    }

    @Test("nothing is left for later: work stands in issues, not in files", arguments: ["Sources", "Tests", "scripts", ".ci", "examples"])
    func markers(folder: String) {
        let pattern = /\b(?:TODO|FIXME|XXX|HACK)\b|\b(?i:for now|stub|stubs|stubbed|placeholder|not implemented yet)\b/
        for path in Repository.paths(in: folder) where !path.hasPrefix(Self.ownFolder) && !path.contains("/Fixtures/") {
            guard let text = Repository.text(path) else { continue }
            // HTML has an attribute of that name.
            let isPage = path.hasPrefix("Sources/Console/Web/")
            for (number, line) in lines(text).enumerated() {
                let read = isPage ? line.replacing("placeholder:", with: "") : line
                if read.contains(pattern) { Issue.record("\(path):\(number + 1): \(line)") }
            }
        }
    }

    @Test("names say what a thing is")
    func names() {
        let sources = Repository.sources() + Repository.sources("Tests").filter { !$0.path.hasPrefix(Self.ownFolder) }
        expectNone(
            /\b(?:struct|class|enum|actor|protocol|typealias)\s+\w*(?:Manager|Helper|Util|Utils|Utilities|Backend|Impl)\b/,
            in: \.code, of: sources, "what does it hold or do?")
        expectNone(/\bfunc\s+get[A-Z]\w*/, in: \.code, of: sources, "a noun for a value, a verb of the domain for an act")
        expectNone(/\b\w*(?:backend|Backend)\w*\b/, in: \.code, of: sources, "provider, deployment or store")
    }

    /// A vendor's name anywhere else is the sign of a missing method of `Provider` or `Dialect`.
    @Test("vendors are named where their wire formats and addresses are, nowhere else")
    func vendors() {
        let home = [
            "Sources/Translation/Providers/", "Sources/Translation/Dialects/", "Sources/Settings/Discovery", "Sources/Settings/Import/",
            "Sources/Bench/", "Sources/swiftlet/Bench", "Sources/Translation/API.swift", "Sources/Translation/Conversation/Seal.swift",
            "Sources/Translation/Conversation/ToolIDs.swift", "Sources/Translation/Responses/",
            // Spanish: `me llamo`, `llamar`.
            "Sources/Guarding/PersonalDataCueWords.swift",
            // A table of endpoints and where their texts stand.
            "Sources/Gateway/Guarding/PromptReader.swift",
        ]
        let pattern = /(?i:openai|anthropic|gemini|mistral|deepseek|bedrock|cohere|azure|ollama|openrouter|vllm|llama)/
        for source in Repository.sources() where !home.contains(where: { source.path.hasPrefix($0) }) {
            for finding in source.findings(pattern, in: \.codeAndStrings) { Issue.record("\(finding)") }
        }
    }

    private static let machineFolders = ["work", "root", "home", "Users"].map { "/\($0)/" }

    @Test("nothing names a place on somebody's machine")
    func machinePaths() {
        let pattern = /(?:^|[\s"'`(=:])\/(?:work|root|home|Users)\//
        for path in Repository.paths(in: "") where !path.hasPrefix(Self.ownFolder) && !path.contains("/Fixtures/") {
            // The pattern is slow: most files have none of its words.
            guard let text = Repository.text(path), Self.machineFolders.contains(where: { text.range(of: $0, options: .literal) != nil })
            else { continue }
            for (number, line) in lines(text).enumerated() where line.contains(pattern) { Issue.record("\(path):\(number + 1): \(line)") }
        }
    }
}
