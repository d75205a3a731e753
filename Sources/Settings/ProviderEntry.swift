import Schema
import Translation

/// A provider of the document: which type, and that type's settings.
public struct ProviderEntry: SettingValue {
    public var type: ProviderType
    public var provider: any Provider
    /// Read here and not with the provider: who translates knows nothing of budgets.
    public var quotas = QuotaSettings()

    public static var shape: Shape { .variants(by: "type", Catalog.types.map { ($0.name, $0.fields + QuotaSettings.descriptions) }) }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> ProviderEntry? {
        guard node.entries != nil else {
            reading.problem(path, node.line, "expected a section with settings, found \(node.kind)")
            return nil
        }
        guard let entry = node.entry("type"), let name = entry.node.scalar else {
            reading.problem(path.setting("type"), node.line, "is missing: which kind of provider it is, such as `\(Catalog.anybody)`")
            return nil
        }
        guard let type = Catalog.type(named: name) else {
            let help = Spelling.help(for: name, among: Catalog.types.map(\.name))
            reading.problem(path.setting("type"), entry.line, "there is no provider type `\(name.prefix(60))`\(help)")
            return nil
        }
        let own = Set(QuotaSettings.descriptions.map(\.name))
        let (quotas, rest) = (node.entries ?? []).reduce(into: ([Node.Entry](), [Node.Entry]())) { halves, entry in
            if own.contains(entry.name) { halves.0.append(entry) } else { halves.1.append(entry) }
        }
        guard let provider = type.read(Node(.map(rest), line: node.line), at: path, &reading) else { return nil }
        if let key = provider.common.apiKey, !HeaderList.isValue(key.reveal()) {
            reading.problem(path.setting("api_key"), node.entry("api_key")?.line ?? node.line, HeaderList.badValue)
        }
        provider.check(node, at: path, &reading)
        let read = QuotaSettings.read(Node(.map(quotas), line: node.line), at: path, &reading) ?? QuotaSettings()
        return ProviderEntry(type: type, provider: provider, quotas: read)
    }
}
