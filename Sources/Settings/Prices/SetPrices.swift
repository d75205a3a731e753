import Schema
import Translation

/// Where a row of the catalogue stands, or the last that was said of it.
public enum PriceOrigin: String, CaseIterable, Sendable {
    case settings
    case file = "prices_file"
    case binary
}

extension PriceCatalogue {
    /// The bundled rows, above them those of the file that settings name, above these the section `prices`. What has problems is left out.
    public static func inForce(file: String?, settings: Node? = nil) -> PriceCatalogue {
        var reading = Reading()
        return above(file: file, line: 0, &reading).under(settings, &reading)
    }

    /// With the section `prices` above it, whose problems `reading` is told.
    public func under(_ section: Node?, _ reading: inout Reading) -> PriceCatalogue {
        guard let section, let rows = Named<PriceSettings>.read(section, at: "prices", &reading) else { return self }
        return under(rows, &reading)
    }

    /// - Parameter types: Of the providers that settings have, by their names.
    func under(_ rows: Named<PriceSettings>, types: [String: String] = [:], _ reading: inout Reading) -> PriceCatalogue {
        var catalogue = self
        let known = Set(Catalog.types.map(\.name)).union(providers)
        // A model comes before its snapshots, which are as it is but for what they say themselves.
        for row in rows.entries.sorted(by: { ($0.name.utf8.count, $0.line) < ($1.name.utf8.count, $1.line) }) {
            let path = "prices".setting(row.name)
            guard let (provider, model) = Self.parts(of: row.name) else {
                reading.problem(path, row.line, "expected PROVIDER/MODEL: a type of provider and its name for the model")
                continue
            }
            guard known.contains(provider) else {
                reading.problem(path, row.line, Self.unknown(provider, model, types[provider], known))
                continue
            }
            if let other = catalogue.settings.updateValue(row.name, forKey: row.name.lowercased()) {
                reading.problem(path, row.line, "`\(other)` is the same model")
                continue
            }
            let facts = row.value.facts(provider, model, over: catalogue.facts(provider: provider, model: model), &reading)
            if let released = facts.released, let retires = facts.retires, retires <= released {
                reading.problem(path.setting("retires"), row.line, "is not after `released`")
            }
            catalogue.put(facts)
        }
        return catalogue
    }

    /// `openrouter/meta-llama/llama-3` is a model of `openrouter`. Nil: it is no such name.
    public static func parts(of name: String) -> (provider: String, model: String)? {
        guard let slash = name.firstIndex(of: "/") else { return nil }
        let parts = (String(name[..<slash]), String(name[name.index(after: slash)...]))
        return parts.0.isEmpty || parts.1.isEmpty ? nil : parts
    }

    private static func unknown(_ provider: String, _ model: String, _ type: String?, _ known: Set<String>) -> String {
        if let type { return "`\(provider)` is a provider of type `\(type)`: write `\(type)/\(model.prefix(100))`" }
        return "there is no type of provider `\(provider.prefix(60))`\(Spelling.help(for: provider, among: known.sorted()))"
    }

    /// The name under which the settings have this row. Nil: they have none.
    public func setting(of row: ModelFacts) -> String? { settings[row.name.lowercased()] }

    public func origin(of row: ModelFacts) -> PriceOrigin {
        if setting(of: row) != nil { return .settings }
        return isImported(row) ? .file : .binary
    }
}
