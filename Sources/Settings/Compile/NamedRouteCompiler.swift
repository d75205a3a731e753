import Routing
import Schema

/// The sections `routes` and `routers`.
extension Compiler {
    mutating func addNamedRoutes() {
        for entry in document.routes.entries { addNamedRoute(entry.name, entry.node, at: "routes" + entry.path.dropFirst("routes".count)) }
        for entry in document.routers.entries {
            hidden.insert(entry.name)
            addNamedRoute(entry.name, entry.value, at: "routers".setting(entry.name))
        }
    }

    private mutating func addNamedRoute(_ name: String, _ written: Node, at path: String) {
        guard document.models[name] == nil, !routes.contains(where: { $0.name == name }) else { return }
        places[name] = (path, written.line)
        var route = policies.route(named: name, .choice(Fallback(), []))
        let node = takeTerms(of: name, written, at: path)
        if node["models"] != nil {
            addGridRoute(&route, node, at: path)
        } else if let tree = reader.route(node, at: path, owner: name)?.route {
            route.tree = tree
        }
        routes.append(route)
    }
}
