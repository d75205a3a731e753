import CPrices
import Schema
import Synchronization

/// The rows in the binary. A provider's are looked through when somebody first asks for one of them, and found by name from then on.
enum Bundled {
    private static let known = Mutex<[String: ModelIndex]>([:])

    static let providers = (0..<price_rows_count()).map { String(cString: price_rows($0).provider) }

    static func index(of provider: String) -> ModelIndex {
        known.withLock { known in
            if let index = known[provider] { return index }
            let index = providers.firstIndex(of: provider).map(read) ?? ModelIndex()
            known[provider] = index
            return index
        }
    }

    static func text(of provider: String) -> String? { providers.firstIndex(of: provider).map(text) }

    private static func text(_ file: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: price_rows(file).bytes, count: price_rows(file).count), as: UTF8.self)
    }

    private static func read(_ file: Int) -> ModelIndex {
        var index = ModelIndex()
        let text = text(file)
        for (offset, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let start = text.utf8.distance(from: text.startIndex, to: line.startIndex)
            let row = EmbeddedRow(file: Int32(file), line: Int32(offset + 1), start: Int32(start), count: Int32(line.count))
            // A test reads every row; one that cannot be read is left out here.
            if let facts = row.facts { index.put(.embedded(row), facts) }
        }
        return index
    }
}

/// A line of a file in the binary.
struct EmbeddedRow: Sendable {
    var file: Int32
    var line: Int32
    /// In bytes.
    var start: Int32
    var count: Int32

    /// Nil: an empty line or a remark.
    var facts: ModelFacts? {
        let rows = price_rows(Int(file))
        let bytes = UnsafeBufferPointer(start: rows.bytes + Int(start), count: Int(count))
        guard let node = JSONNode.read(String(decoding: bytes, as: UTF8.self)) else { return nil }
        var reader = FactsReader()
        return reader.facts(node, line: Int(line), provider: Bundled.providers[Int(file)])
    }
}
