import Routing
import Settings
import Testing

@testable import Gateway

@Suite("Verdicts of moderation endpoints") struct ModerationVerdictTests {
    static func verdict(_ text: String, status: Int = 200, threshold: Double? = nil, _ limits: [String: Double] = [:]) -> ModerationVerdict {
        var settings = ModerationSettings()
        settings.rail.threshold = threshold
        if !limits.isEmpty { settings.thresholds = CategoryThresholds(limits) }
        return Array(text.utf8).withUnsafeBytes { ModerationVerdict(status: status, $0, settings) }
    }

    static func result(_ flagged: Bool, _ scores: [(String, Double)], true names: [String] = []) -> String {
        let categories = scores.map { "\"\($0.0)\": \(names.contains($0.0))" }.joined(separator: ", ")
        let numbers = scores.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
        return "{\"flagged\": \(flagged), \"categories\": {\(categories)}, \"category_scores\": {\(numbers)}}"
    }

    private static let scores = [("hate", 0.3), ("violence", 0.6)]

    @Test("what the endpoint calls flagged counts where no thresholds are said")
    func flagged() {
        #expect(Self.verdict("{\"results\": [\(Self.result(false, Self.scores))]}") == .pass)
        let two = "{\"results\": [\(Self.result(false, Self.scores)), \(Self.result(true, Self.scores, true: ["violence"]))]}"
        #expect(Self.verdict(two) == .flagged([.init(category: "violence", score: 0.6)]))
        #expect(Self.verdict("{\"flagged\": true}") == .flagged([.init(category: "flagged", score: 1)]))
        #expect(Self.verdict("{\"flagged\": false}") == .pass)
    }

    @Test("thresholds count by category, the others by the common one")
    func thresholds() {
        let body = "{\"results\": [\(Self.result(true, Self.scores, true: ["violence"]))]}"
        #expect(Self.verdict(body, threshold: 0.7) == .pass)
        #expect(Self.verdict(body, threshold: 0.6) == .flagged([.init(category: "violence", score: 0.6)]))
        #expect(Self.verdict(body, ["hate": 0.2]) == .flagged([.init(category: "hate", score: 0.3)]))
        #expect(Self.verdict(body, ["other": 0]) == .pass)
        let both = Self.verdict(body, threshold: 0.5, ["hate": 0.3])
        #expect(both == .flagged([.init(category: "violence", score: 0.6), .init(category: "hate", score: 0.3)]))
        if case .flagged(let hits) = both { #expect(ModerationVerdict.text(of: hits) == "violence 0.6, hate 0.3") }
    }

    @Test(
        "what says nothing has failed, and is no pass",
        arguments: [
            ("", 200), ("[]", 200), ("{", 200), ("{}", 200), ("{\"results\": []}", 200), ("{\"results\": [{}]}", 200), ("{\"results\": {}}", 200),
            ("{\"flagged\": \"maybe\"}", 200), ("{\"flagged\": false}", 500), ("{\"flagged\": false}", 404),
            ("{\"results\": [{\"flagged\": false}, {}]}", 200),
        ])
    func failed(body: String, status: Int) {
        guard case .failed(let why) = Self.verdict(body, status: status) else {
            Issue.record("\(body) was taken for an answer")
            return
        }
        #expect(!why.isEmpty)
    }

    @Test("thresholds without scores have failed")
    func noScores() {
        if case .failed = Self.verdict("{\"flagged\": false}", threshold: 0.5) { return }
        Issue.record("an answer without scores passed")
    }

    /// Seed 12.
    @Test("bytes of any kind never trap")
    func fuzz() {
        var random = Random(seed: 12)
        let body = Array("{\"results\": [\(Self.result(true, Self.scores, true: ["hate"]))]}".utf8)
        for _ in 0..<3_000 {
            var bytes = body
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = Self.verdict(String(decoding: bytes, as: UTF8.self), threshold: Bool.random(using: &random) ? 0.5 : nil)
        }
    }
}
