import ArgumentParser
import Bench
import Complexity
import FoundationEssentials
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `swiftlet score`: prompts in, scores out.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Score how much prompts gain from a capable model: 0 clearly simple, 1 clearly complex.",
        discussion: """
            Reads one JSON object a line, {"id": …, "prompt": "…"}, from standard input and writes id,score as CSV to standard output, in
            the same order, as the lines come. A line that cannot be read is named on standard error with its number; where it has an id,
            its score is 1, the score of what nothing is known of. Then the command ends with 1.
            """)

    @Option(help: "A file of weights instead of those in the binary.")
    var weights: String?
    @Flag(help: "More columns: task, difficulty, and the chances that a cheap and a capable model answer rightly.")
    var details = false
    @Flag(help: "Print one JSON object a line instead of CSV.")
    var json = false
    @Flag(help: "Leave out the line with the columns' names.")
    var noHeader = false
    @Flag(help: "Tell on standard error how long scoring took.")
    var times = false

    func run() throws {
        var sheet = ScoreSheet(scorer: try scorer(), details: details, times: times, isJSON: json)
        if !noHeader, !json { sheet.head() }
        sheet.readAll(from: 0)
        if times { StandardStream.errors.write("swiftlet: \(sheet.summary)\n") }
        if sheet.troubles > 0 { throw ExitCode.failure }
    }

    /// Nil with a warning where the binary's weights cannot be used: every prompt then scores 1. A file that was named is used or refused.
    private func scorer() throws -> Scorer? {
        do {
            guard let weights else { return try BundledScorer.read() }
            let file = try Data(contentsOf: URL(filePath: weights))
            return try Array(file).withUnsafeBytes { bytes throws(WeightsProblem) in try Scorer(weights: bytes) }
        } catch {
            let problem = "\(weights ?? "the binary's weights") cannot be used: \((error as? WeightsProblem).map { "\($0)" } ?? "it cannot be read")"
            guard weights == nil else { throw CommandFailure(problem) }
            StandardStream.errors.write("swiftlet: warning: \(problem). Every prompt counts as complex\n")
            return nil
        }
    }
}

/// Lines in, rows out.
struct ScoreSheet {
    private let scorer: Scorer?
    private let details: Bool
    private let times: Bool
    private let isJSON: Bool
    private let progress = Progress("scoring")
    private var line = 0
    private(set) var troubles = 0
    private var output: [UInt8] = []
    private var nanoseconds: [UInt64] = []

    init(scorer: Scorer?, details: Bool, times: Bool, isJSON: Bool = false) {
        self.scorer = scorer
        self.details = details
        self.times = times
        self.isJSON = isJSON
    }

    mutating func head() { output += Array("id,score\(details ? ",task,difficulty,cheap_right,capable_right" : "")\n".utf8) }

    /// Whole lines only; what is left of a block waits for the next one. Scores are written when no more input is at hand.
    mutating func readAll(from descriptor: Int32) {
        var block = [UInt8](repeating: 0, count: 65_536)
        var rest: [UInt8] = []
        while true {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var start = 0
            while let end = block[start..<count].firstIndex(of: 0x0a) {
                rest += block[start..<end]
                take(rest)
                rest.removeAll(keepingCapacity: true)
                start = end + 1
            }
            rest += block[start..<count]
            flush()
        }
        if !rest.isEmpty { take(rest) }
        flush()
        progress.end()
    }

    private mutating func flush() {
        // Where scores go to the terminal, they are the progress.
        if !Terminal.output.isWatched { progress.update(line) }
        guard !output.isEmpty else { return }
        StandardStream.output.write(String(decoding: output, as: UTF8.self))
        output.removeAll(keepingCapacity: true)
    }

    private mutating func take(_ bytes: [UInt8]) {
        line += 1
        let hasMark = line == 1 && bytes.starts(with: [0xef, 0xbb, 0xbf])
        let bytes = hasMark ? Array(bytes.dropFirst(3)) : bytes
        guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) else { return }
        let (entry, trouble) = bytes.withUnsafeBytes { PromptLine.read($0) }
        if let trouble {
            troubles += 1
            StandardStream.errors.write("swiftlet: line \(line): \(trouble)\n")
        }
        guard let id = entry.id else { return }
        row(id, assess(entry.prompt))
    }

    private mutating func assess(_ prompt: String?) -> Assessment {
        guard let prompt, let scorer else { return .unknown }
        guard times else { return scorer.assess(prompt) }
        let start = ContinuousClock.now
        let assessment = scorer.assess(prompt)
        let took = start.duration(to: .now).components
        nanoseconds.append(UInt64(took.attoseconds / 1_000_000_000) + UInt64(took.seconds) * 1_000_000_000)
        return assessment
    }

    private mutating func row(_ id: String, _ assessment: Assessment) {
        if isJSON { return object(id, assessment) }
        var text = "\(Self.field(id)),\(assessment.score)"
        if details { text += ",\(assessment.task),\(assessment.difficulty),\(assessment.cheapRight),\(assessment.capableRight)" }
        output += Array((text + "\n").utf8)
    }

    private mutating func object(_ id: String, _ assessment: Assessment) {
        var writer = JSONWriter()
        writer.object { row in
            row.member("id", id)
            row.key("score")
            row.raw("\(assessment.score)")
            guard details else { return }
            row.member("task", "\(assessment.task)")
            for (name, value) in [
                ("difficulty", "\(assessment.difficulty)"), ("cheap_right", "\(assessment.cheapRight)"),
                ("capable_right", "\(assessment.capableRight)"),
            ] {
                row.key(name)
                row.raw(value)
            }
        }
        output += writer.bytes + [0x0a]
    }

    /// RFC 4180: quoted where it must be.
    static func field(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x2c || $0 == 0x22 || $0 == 0x0a || $0 == 0x0d }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    var summary: String {
        let sorted = nanoseconds.sorted()
        guard let most = sorted.last else { return "nothing was scored" }
        func part(_ share: Double) -> String { "\(Double(sorted[Int(Double(sorted.count - 1) * share)] / 100) / 10) µs" }
        return "\(sorted.count) prompts; half took at most \(part(0.5)), 99 % at most \(part(0.99)), the slowest \(Double(most / 100) / 10) µs"
    }
}

/// `{"id": …, "prompt": "…"}`: what could be read of a line, and what could not.
struct PromptLine {
    var id: String?
    var prompt: String?

    static func read(_ bytes: UnsafeRawBufferPointer) -> (PromptLine, trouble: String?) {
        var entry = PromptLine()
        var trouble: String?
        do throws(JSONProblem) {
            trouble = try entry.fill(bytes)
        } catch {
            // A cut or garbled line is not scored on the part of the prompt that may have been read.
            entry.prompt = nil
            trouble = "it is not JSON: \(error.expected) at byte \(error.offset)"
        }
        if trouble == nil {
            if entry.id == nil { trouble = "it has no id" } else if entry.prompt == nil { trouble = "it has no prompt" }
        }
        return (entry, trouble)
    }

    private mutating func fill(_ bytes: UnsafeRawBufferPointer) throws(JSONProblem) -> String? {
        var scanner = JSONScanner(bytes)
        guard try scanner.peek() == .object else { return "it is no JSON object" }
        var trouble: String?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            let kind = try scanner.peek()
            switch scanner.decoded(key) {
            case "id" where kind == .string: id = scanner.decoded(try scanner.string())
            case "id" where kind == .number: id = String(decoding: try scanner.skip().of(bytes), as: UTF8.self)
            case "prompt" where kind == .string: prompt = scanner.decoded(try scanner.string())
            case "id": (trouble, _) = ("its id is neither a string nor a number", try scanner.skip())
            case "prompt": (trouble, _) = ("its prompt is not a string", try scanner.skip())
            default: _ = try scanner.skip()
            }
        }
        try scanner.finish()
        return trouble
    }
}
