import Routing
import Schema

/// What clients may send as a model, and what each name means.
extension Compiler {
    /// The built-in route over everything that is listed.
    static let autoName = "auto"

    /// The name of the route that `written` means. With a place, what is unknown is a problem.
    mutating func routeName(_ written: String, at path: String? = nil, line: Int = 0) -> String? {
        if let route = reader.names.routes[written] { return route }
        if written.hasPrefix("router/"), let route = reader.names.routes[String(written.dropFirst(7))] { return route }
        if written.hasPrefix("auto:"), ModeName.mode(written) != nil { return Self.autoName }
        let problems = reader.reading
        guard let child = reader.named(written, at: path ?? "", line: line), case .deployment(let id, _) = child.route else {
            if path == nil { reader.reading = problems }
            return nil
        }
        return reader.deployments.deployments[id].name
    }

    /// `auto`: all deployments that clients can see, weighed by the mode they ask for. Not where a group has that name.
    mutating func addAutoRoute() {
        guard reader.names.routes[Self.autoName] == Self.autoName, document.models[Self.autoName] == nil,
            !routes.contains(where: { $0.name == Self.autoName })
        else { return }
        var listed: Set<Deployment.ID> = []
        for route in routes where !hidden.contains(route.name) { listed.formUnion(leaves(of: route.tree, depth: 0)) }
        if listed.isEmpty { listed = Set(reader.deployments.deployments.indices) }
        let ids = listed.subtracting(reader.deployments.dangling).sorted()
        guard !ids.isEmpty else { return }
        if ids.count > RoutingTable.maxLeaves {
            reader.reading.warning("models", 0, "the route `auto` has the first \(RoutingTable.maxLeaves) of \(ids.count) deployments")
        }
        let branches = ids.prefix(RoutingTable.maxLeaves).map { Branch(.deployment($0)) }
        let tree = reader.autoTree(branches)
        hidden.insert(Self.autoName)
        routes.append(policies.route(named: Self.autoName, tree))
    }

    /// Every deployment is a route of its own name too, unless a group has that name.
    mutating func addDirectRoutes() {
        let taken = Set(routes.map(\.name))
        for (id, deployment) in reader.deployments.deployments.enumerated()
        where !taken.contains(deployment.name) && !reader.deployments.dangling.contains(id) {
            _ = addDirectRoute(named: deployment.name, to: id)
        }
    }

    /// Nil: there is no such deployment.
    mutating func addDirectRoute(named name: String) -> Int? {
        reader.deployments.deployments.firstIndex { $0.name == name }.map { addDirectRoute(named: name, to: $0) }
    }

    private mutating func addDirectRoute(named name: String, to id: Deployment.ID) -> Int {
        hidden.insert(name)
        routes.append(policies.route(named: name, .deployment(id)))
        return routes.count - 1
    }

    mutating func addNames() {
        for (id, route) in routes.enumerated() where !route.name.hasPrefix("policy:") && route.name != Self.defaultName {
            // Deployments by their own names can be asked for; the list shows what was meant to be offered.
            names[route.name] = NamedModel(route: id, name: route.name, hidden: hidden.contains(route.name))
        }
        if document.models[Self.defaultName] != nil, let id = routes.firstIndex(where: { $0.name == Self.defaultName }) {
            names[Self.defaultName] = NamedModel(route: id, name: Self.defaultName, hidden: hidden.contains(Self.defaultName))
        }
        for (alias, group) in reader.names.routes where names[alias] == nil {
            guard let model = names[group] else { continue }
            let isHidden = document.router.aliases[alias]?.hidden ?? model.hidden
            names[alias] = NamedModel(route: model.route, name: model.name, hidden: isHidden)
        }
        if let auto = names[Self.autoName], document.models[Self.autoName] == nil {
            for mode in AutoMode.allCases where names["auto:\(mode.rawValue)"] == nil {
                names["auto:\(mode.rawValue)"] = NamedModel(route: auto.route, name: auto.name, hidden: true, mode: mode)
            }
            names[Self.autoName]?.mode = .balance
        }
        for (name, model) in names where names["router/\(name)"] == nil {
            names["router/\(name)"] = NamedModel(route: model.route, name: model.name, hidden: true, mode: model.mode)
        }
        guard let defaultRoute else { return }
        for name in [Self.defaultName, "default_routing"] where names[name] == nil {
            names[name] = NamedModel(route: defaultRoute, name: routes[defaultRoute].name, hidden: true)
        }
    }
}
