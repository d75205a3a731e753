import FoundationEssentials
import Schema
import Synchronization

/// What models cost and can do: the rows that come with this binary, those of a newer file above them, those of the settings above both.
public struct PriceCatalogue: Sendable {
    /// Of providers that there are other rows of than those of the binary.
    private var merged: [String: ModelIndex]
    /// What stands in the settings, by its name in small letters.
    var settings: [String: String] = [:]

    /// The rows in this binary alone.
    public static let bundled = PriceCatalogue(imported: [])

    /// - Parameter imported: Rows that stand in place of the bundled ones of the same model, or beside them.
    public init(imported: [ModelFacts]) {
        merged = Dictionary(grouping: imported, by: \.provider).reduce(into: [:]) { merged, entry in
            var index = Bundled.index(of: entry.key)
            for row in entry.value { index.put(row) }
            merged[entry.key] = index
        }
    }

    /// In place of the row of that very name, or beside those there are.
    mutating func put(_ row: ModelFacts) { merged[row.provider, default: Bundled.index(of: row.provider)].put(row) }

    func isImported(_ row: ModelFacts) -> Bool { merged[row.provider]?.isRead(row.model) ?? false }

    /// The row of a model, by its provider's type and the provider's name for it.
    public func facts(provider: String, model: String) -> ModelFacts? {
        (merged[provider] ?? Bundled.index(of: provider)).find(model)
    }

    /// `PROVIDER/MODEL`, or the name of a model at `provider`.
    public func facts(named name: String, provider: String) -> ModelFacts? {
        if let slash = name.firstIndex(of: "/"), providers.contains(String(name[..<slash])) {
            if let found = facts(provider: String(name[..<slash]), model: String(name[name.index(after: slash)...])) { return found }
        }
        return facts(provider: provider, model: name)
    }

    /// The row that bears this very name, or has it as an alias.
    func own(_ provider: String, _ model: String) -> ModelFacts? { (merged[provider] ?? Bundled.index(of: provider)).named(model) }

    /// The rows of a file, made whole by what is known here already where its form says less than ours.
    public func completed(_ file: CatalogueFile, from day: Moment = .today) -> [ModelFacts] {
        guard file.isForeign else { return file.rows }
        var seen: Set<String> = []
        return file.rows.compactMap { row in
            guard let old = own(row.provider, row.model) else { return row }
            // Snapshots that are one row here have a row each there.
            if old.model.lowercased() != row.model.lowercased(), row.price(at: day) != old.price(at: day) { return row }
            let whole = row.over(old, from: day)
            return seen.insert(whole.name.lowercased()).inserted ? whole : nil
        }
    }

    /// In order of their names.
    public var providers: [String] { Set(Bundled.providers).union(merged.keys).sorted() }

    public func rows(of provider: String) -> [ModelFacts] { (merged[provider] ?? Bundled.index(of: provider)).rows }

    public var rows: [ModelFacts] { providers.flatMap(rows) }

    /// When a price at `provider` may change next.
    func change(of provider: String, after moment: Moment) -> Moment? {
        (merged[provider] ?? Bundled.index(of: provider)).change(after: moment)
    }

    public func rows(provider: String?, containing text: String) -> [ModelFacts] {
        let rows = provider.map { self.rows(of: $0) } ?? self.rows
        let text = text.lowercased()
        return text.isEmpty ? rows : rows.filter { row in ([row.name] + row.aliases).contains { $0.lowercased().contains(text) } }
    }

    /// The row of `PROVIDER/MODEL`, or of a model at every provider that has it.
    public func everywhere(_ name: String) -> [ModelFacts] {
        if let slash = name.firstIndex(of: "/"), providers.contains(String(name[..<slash])),
            let found = facts(provider: String(name[..<slash]), model: String(name[name.index(after: slash)...]))
        {
            return [found]
        }
        return providers.compactMap { facts(provider: $0, model: name) }
    }
}

extension PriceCatalogue {
    private static let files = Mutex<[String: (Stamp, PriceCatalogue)]>([:])

    /// What tells whether a file has changed.
    private struct Stamp: Equatable {
        var changed: Date?
        var size: Int?

        init?(_ path: String) {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }  // there is none
            changed = attributes[.modificationDate] as? Date
            size = attributes[.size] as? Int
        }
    }

    /// The bundled rows and those of a file, which is read again only once it has changed.
    static func above(file path: String?, line: Int, _ reading: inout Reading) -> PriceCatalogue {
        guard let path else { return .bundled }
        guard let stamp = Stamp(path) else {
            reading.warning("prices_file", line, "there is no file `\(path)` so far: `swiftlet prices import` makes it")
            return .bundled
        }
        if let known = files.withLock({ $0[path] }), known.0 == stamp { return known.1 }
        let file = CatalogueFile.read(path: path)
        if let problem = file.problems.first {
            let others = file.problems.count > 1 ? " (and \(file.problems.count - 1) more)" : ""
            reading.problem("prices_file", line, problem.text(file: path) + others)
            return .bundled
        }
        let catalogue = PriceCatalogue(imported: file.rows)
        files.withLock { $0[path] = (stamp, catalogue) }
        return catalogue
    }

    /// Differs once the file has changed. Empty: there is none.
    public static func stamp(of path: String) -> String {
        Stamp(path).map { "\($0.size ?? 0) \($0.changed?.timeIntervalSince1970 ?? 0)" } ?? ""
    }
}
