import Routing
import Schema
import Settings
import Wire

/// What deployments cost now, and which model of the catalogue they are taken for.
struct DeploymentRates: Sendable {
    private struct Rate: Sendable {
        var price: Price?
        var capability: Double?
        var context: Int?
        var catalogue: String?
    }

    private var rates: [String: Rate] = [:]

    init(_ blueprint: Blueprint?, _ document: Node, _ catalogue: PriceCatalogue) {
        guard let blueprint else { return }
        let bases = Self.bases(document)
        for deployment in blueprint.table.deployments {
            var rate = Rate(price: deployment.price, capability: deployment.quality ?? deployment.capability, context: deployment.contextWindow)
            if let provider = blueprint.providers[deployment.provider] {
                let name = bases[[deployment.provider, deployment.model]] ?? deployment.model
                rate.catalogue = catalogue.facts(named: name, provider: type(of: provider).name)?.name
            }
            rates[deployment.name] = rate
        }
    }

    /// By provider and model: what settings say that a deployment is, where its name does not.
    private static func bases(_ document: Node) -> [[String]: String] {
        var found: [[String]: String] = [:]
        for model in document["models"]?.entries ?? [] {
            for deployment in model.node["deployments"]?.items ?? [] {
                guard let provider = deployment["provider"]?.scalar, let name = deployment["model"]?.scalar,
                    let base = deployment["base_model"]?.scalar
                else { continue }
                found[[provider, name]] = base
            }
        }
        return found
    }

    /// Prices in US dollars per million tokens; null where none is known.
    func write(of name: String, to line: inout JSONWriter) {
        let rate = rates[name]
        line.key("price")
        if let price = rate?.price {
            line.object { classes in
                for (name, value) in [
                    ("input", price.input), ("output", price.output), ("cached_input", price.cachedInput), ("cache_write", price.cacheWrite),
                    ("reasoning", price.reasoning),
                ] as [(String, Int64?)] {
                    guard let value else { continue }
                    classes.key(name)
                    classes.raw("\(Double(value) / 1e9)")
                }
            }
        } else {
            line.null()
        }
        line.member("catalogue", orNull: rate?.catalogue)
        line.key("capability")
        if let capability = rate?.capability { line.raw("\((capability * 100).rounded() / 100)") } else { line.null() }
        line.key("context_window")
        if let context = rate?.context { line.number(context) } else { line.null() }
    }
}
