import Foundation

/// The held-back texts that training wrote, with the sums it computed: texts of families that no scorer has seen.
struct HeldBack: Decodable {
    struct Label: Decodable {
        var bad: Bool
        var kind: String
    }

    var text: String?
    /// Bytes that are no UTF-8, instead of a text.
    var hex: String?
    var lang: String?
    /// Of injection, of toxicity.
    var sums: [Int]
    var injection: Label?
    var toxicity: Label?

    var bytes: [UInt8] {
        if let text { return Array(text.utf8) }
        let digits = Array((hex ?? "").utf8).map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func read() throws -> [HeldBack] {
        let file = try Data(contentsOf: root.appending(path: "Tests/GuardingTests/Fixtures/scorers.jsonl"))
        let decoder = JSONDecoder()
        return try file.split(separator: 0x0A).map { try decoder.decode(HeldBack.self, from: $0) }
    }
}
