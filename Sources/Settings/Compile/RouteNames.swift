import Routing
import Schema
import Translation

/// What a tree may name, wherever it is written.
struct RouteNames: Sendable {
    var providers: [String: ProviderEntry] = [:]
    /// Also of providers whose settings have problems: naming those is none.
    var providerNames: [String] = []
    /// Model groups and other routes, and their aliases, with the route each means.
    var routes: [String: String] = [:]
    /// Virtual keys, and whether each is paused.
    var keys: [String: Bool] = [:]
    /// Models by provider, wherever the document mentions them: what `provider/*` and a bare model name stand for.
    var models: [String: [String]] = [:]
    private var noted: Set<[String]> = []

    /// Those that somebody may have meant.
    var routeNames: [String] { routes.keys.sorted() }
    var keyNames: [String] { keys.keys.sorted() }

    /// Provider and model of `provider/model`, where there is such a provider. A model's own name may have slashes.
    func target(_ written: String) -> (provider: String, model: String)? {
        guard let slash = written.firstIndex(of: "/") else { return nil }
        let (provider, model) = (String(written[..<slash]), String(written[written.index(after: slash)...]))
        return providerNames.contains(provider) && !model.isEmpty ? (provider, model) : nil
    }

    /// The providers that are known to have a model of that name.
    func providers(having model: String) -> [String] { providerNames.filter { models[$0]?.contains(model) ?? false } }

    /// Finds every mention of a provider's model below `node`. Linear in the document.
    mutating func gatherModels(from node: Node) {
        switch node.content {
        case .scalar(let text, _):
            if let (provider, model) = target(text), model != "*" { note(model, of: provider) }
        case .list(let items): for item in items { gatherModels(from: item) }
        case .map(let entries):
            if let provider = node["provider"]?.scalar, let model = (node["model"] ?? node["id"])?.scalar, providerNames.contains(provider) {
                note(model, of: provider)
            }
            for entry in entries {
                // `percentage: [ { openai/gpt-5: 90 } ]`.
                if let (provider, model) = target(entry.name), model != "*" { note(model, of: provider) }
                gatherModels(from: entry.node)
            }
        }
    }

    private mutating func note(_ model: String, of provider: String) {
        if noted.insert([provider, model]).inserted { models[provider, default: []].append(model) }
    }
}
