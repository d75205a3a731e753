import Schema
import Settings
import Wire

/// What a moderation endpoint said of a prompt.
enum ModerationVerdict: Hashable {
    struct Hit: Hashable {
        var category: String
        var score: Double
    }

    case pass
    /// The gravest first, at most `mostHits`.
    case flagged([Hit])
    /// It cannot be told: no answer in time, or one that says nothing.
    case failed(String)

    static let mostHits = 8

    /// OpenAI's answer (its API reference, "Moderations", read 2026-11): `results` with `flagged`, `categories` and `category_scores`, or one
    /// such result by itself.
    init(status: Int, _ body: UnsafeRawBufferPointer, _ settings: ModerationSettings) {
        guard 200..<300 ~= status else {
            self = .failed("it answered \(status)")
            return
        }
        guard let node = JSONNode.read(body), node.entries != nil else {
            self = .failed("its answer is no JSON object")
            return
        }
        let results = node["results"]?.items ?? [node]
        var hits: [Hit] = []
        for result in results {
            guard let found = Self.hits(of: result, settings) else {
                self = .failed("its answer has no result that can be read")
                return
            }
            hits += found
        }
        guard !results.isEmpty else {
            self = .failed("its answer has no results")
            return
        }
        var worst: [String: Double] = [:]
        for hit in hits { worst[hit.category] = max(hit.score, worst[hit.category] ?? 0) }
        let sorted = worst.map { Hit(category: $0.key, score: $0.value) }.sorted { ($0.score, $1.category) > ($1.score, $0.category) }
        self = hits.isEmpty ? .pass : .flagged(Array(sorted.prefix(Self.mostHits)))
    }

    /// Nil: the result says nothing.
    private static func hits(of result: Node, _ settings: ModerationSettings) -> [Hit]? {
        let scores = result["category_scores"]?.entries?.compactMap { entry in
            entry.node.scalar.flatMap { Double($0) }.map { Hit(category: String(entry.name.prefix(60)), score: $0) }
        }
        let limits = settings.thresholds?.limits ?? [:]
        if !limits.isEmpty || settings.rail.threshold != nil {
            guard let scores, !scores.isEmpty else { return nil }
            return scores.filter { hit in (limits[hit.category] ?? settings.rail.threshold).map { hit.score >= $0 } ?? false }
        }
        guard let flagged = result["flagged"]?.scalar, flagged == "true" || flagged == "false" else { return nil }
        guard flagged == "true" else { return [] }
        let named = result["categories"]?.entries?.filter { $0.node.scalar == "true" }.map { String($0.name.prefix(60)) } ?? []
        let hits = named.map { name in Hit(category: name, score: scores?.first { $0.category == name }?.score ?? 1) }
        return hits.isEmpty ? [Hit(category: "flagged", score: 1)] : hits
    }

    /// `violence 0.92, hate 0.40`: of the categories, never of the text.
    static func text(of hits: [Hit]) -> String {
        hits.map { "\($0.category) \(Double(Int(($0.score * 100).rounded())) / 100)" }.joined(separator: ", ")
    }
}
