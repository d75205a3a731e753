import Schema

/// Writes out every named route as a tree of its own, and collects problems instead of stopping at the first.
struct TreeCompiler {
    private struct PickerKey: Hashable {
        var owner: String
        var ordinal: Int
    }

    /// Where in a written tree the compiler stands.
    private struct Place {
        /// The named route whose text this is.
        var owner: Route.ID
        /// Names from the outermost to `owner`.
        var path: [String]
        var depth: Int
        var parent: Int
        var branch: Int
        var timeout: Duration?
        /// What is said of all leaves from here on.
        var options = LeafOptions()
        var way = Way()
    }

    private(set) var problems: [RouteProblem] = []
    private(set) var defaultFallbacks: [Route.ID] = []
    private let deployments: [Deployment]
    private let routes: [NamedRoute]
    private let byName: [String: Route.ID]
    var tree = CompiledTree()
    let subjects: LiveSubjects
    /// Of the route being compiled.
    var gatesHere: [Gate] = []
    var blocksHere: [Block] = []
    private var pickers: [PickerKey: Int] = [:]
    /// By picker.
    private var minds: [Int: Int] = [:]
    private static let maxNodes = RoutingTable.maxLeaves * RoutingTable.maxDepth

    /// The route being compiled, under whose name problems are listed, and where it begins.
    private var current = 0
    private var firstLeaf = 0
    private var firstNode = 0

    init(deployments: [Deployment], routes: [NamedRoute], byName: [String: Route.ID], defaultFallbacks names: [String]) {
        self.deployments = deployments
        self.routes = routes
        self.byName = byName
        subjects = LiveSubjects(deployments)
        defaultFallbacks = names.compactMap { resolve($0, from: "default_fallbacks") }
    }

    /// Goes on where the table of `plan` ended: `routes` are its own and those to be added.
    init(extending plan: Plan, routes: [NamedRoute], byName: [String: Route.ID]) {
        self.init(deployments: plan.deployments, routes: routes, byName: byName, defaultFallbacks: [])
        tree = CompiledTree(
            nodes: plan.nodes, children: plan.children, leaves: plan.leaves, options: plan.options, roots: plan.roots, pickers: plan.pickers,
            minds: plan.minds, conditions: plan.conditions)
    }

    /// Compiles the routes that the tree does not have yet.
    mutating func compile() -> CompiledTree {
        for (id, route) in routes.enumerated().dropFirst(tree.roots.count) {
            current = id
            firstLeaf = tree.leaves.count
            firstNode = tree.nodes.count
            gatesHere = []
            blocksHere = []
            var ordinal = 0
            let place = Place(owner: id, path: [route.name], depth: 1, parent: -1, branch: 0, timeout: route.timeout)
            let node = add(route.tree, at: place, ordinal: &ordinal)
            let leaves = firstLeaf..<tree.leaves.count
            let own = route.fallbacks.compactMap { resolve($0, from: route.name) }
            tree.roots.append(
                CompiledTree.Root(
                    node: node, leaves: leaves, hasSiblings: Set(tree.leaves[leaves].map(\.deployment)).count > 1,
                    fallbacks: own.isEmpty ? defaultFallbacks : own,
                    contextWindowFallbacks: route.contextWindowFallbacks.compactMap { resolve($0, from: route.name) },
                    contentPolicyFallbacks: route.contentPolicyFallbacks.compactMap { resolve($0, from: route.name) },
                    primary: primary(below: node), gates: gatesHere, blocks: blocksHere))
        }
        return tree
    }

    private func primary(below root: Int) -> Range<Int> {
        var node = root
        while tree.nodes[node].picker >= 0, tree.nodes[node].kind == .first, !tree.nodes[node].children.isEmpty {
            node = tree.children[tree.nodes[node].children.lowerBound].node
        }
        return tree.nodes[node].leaves
    }

    mutating func resolve(_ name: String, from route: String) -> Route.ID? {
        if let id = byName[name] { return id }
        note(.unknownRoute(name, nearest: Spelling.nearest(to: name, among: byName.keys.sorted())), in: route)
        return nil
    }

    mutating func note(_ kind: RouteProblem.Kind, in route: String) {
        let problem = RouteProblem(route: route, kind: kind)
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// Adds the node and everything below it; returns its index.
    private mutating func add(_ route: Route, at place: Place, ordinal: inout Int) -> Int {
        guard place.depth <= RoutingTable.maxDepth else {
            note(.tooDeep, in: routes[current].name)
            return addEmpty(place)
        }
        switch route {
        case .deployment(let id, let options):
            guard deployments.indices.contains(id) else {
                note(.unknownDeployment(id), in: routes[place.owner].name)
                return addEmpty(place)
            }
            return addLeaf(id, options.within(place.options), place)
        case .named(let name):
            guard let id = resolve(name, from: routes[place.owner].name) else { return addEmpty(place) }
            if let start = place.path.firstIndex(of: name) {
                note(.cycle(place.path[start...] + [name]), in: routes[current].name)
                return addEmpty(place)
            }
            // Names that name names multiply; nodes bound the work where leaves are never reached.
            guard tree.leaves.count - firstLeaf < RoutingTable.maxLeaves, tree.nodes.count - firstNode < Self.maxNodes else {
                note(.tooManyLeaves, in: routes[current].name)
                return addEmpty(place)
            }
            var inner = place
            inner.owner = id
            inner.path.append(name)
            inner.depth += 1
            inner.timeout = routes[id].timeout ?? place.timeout
            var innerOrdinal = 0
            return add(routes[id].tree, at: inner, ordinal: &innerOrdinal)
        case .choice(let strategy, let branches):
            return addChoice(strategy, branches, place, &ordinal)
        case .with(let options, let inner):
            var place = place
            place.options = options.within(place.options)
            return add(inner, at: place, ordinal: &ordinal)
        }
    }

    /// In place of something with a problem: the table is not made, but the rest is still looked at.
    private mutating func addEmpty(_ place: Place) -> Int {
        let at = tree.leaves.count
        tree.nodes.append(CompiledTree.Node(picker: -1, children: 0..<0, leaves: at..<at, parent: place.parent, branch: place.branch))
        return tree.nodes.count - 1
    }

    private mutating func addLeaf(_ id: Deployment.ID, _ options: LeafOptions, _ place: Place) -> Int {
        let node = tree.nodes.count
        let at = tree.leaves.count
        guard at - firstLeaf < RoutingTable.maxLeaves else {
            note(.tooManyLeaves, in: routes[current].name)
            return addEmpty(place)
        }
        tree.leaves.append(
            CompiledTree.Leaf(
                deployment: id, node: node, maxRetries: options.maxRetries ?? -1, timeout: options.timeout?.nanoseconds ?? 0,
                routeTimeout: place.timeout?.nanoseconds ?? 0, isFirst: !tree.leaves[firstLeaf...].contains { $0.deployment == id }))
        tree.options.append(options)
        tree.nodes.append(
            CompiledTree.Node(picker: -1, children: at..<at, leaves: at..<at + 1, parent: place.parent, branch: place.branch))
        return node
    }

    private mutating func addChoice(_ strategy: any Strategy, _ branches: [Branch], _ place: Place, _ ordinal: inout Int) -> Int {
        check(strategy, branches, place)
        let node = tree.nodes.count
        let written = ordinal
        let picker = picker(strategy, PickerKey(owner: routes[place.owner].name, ordinal: written))
        ordinal += 1
        tree.nodes.append(
            CompiledTree.Node(
                picker: picker, kind: tree.pickers[picker].kind, countsFlights: tree.pickers[picker].countsFlights,
                measure: tree.pickers[picker].measure, children: 0..<0, leaves: 0..<0, parent: place.parent, branch: place.branch))
        let leaves = tree.leaves.count
        var children: [CompiledTree.Child] = []
        for (index, branch) in branches.enumerated() {
            var inner = place
            inner.depth += 1
            inner.parent = node
            inner.branch = index
            inner.way = place.way.to(index, of: strategy)
            let child = add(branch.route, at: inner, ordinal: &ordinal)
            children.append(
                CompiledTree.Child(
                    node: child, leaves: tree.nodes[child].leaves, on: branch.on ?? Self.defaultFaults(strategy),
                    candidate: candidate(of: child, branch, index)))
        }
        tree.nodes[node].children = tree.children.count..<tree.children.count + children.count
        tree.children += children
        tree.nodes[node].leaves = leaves..<tree.leaves.count
        if let intelligent = strategy as? Intelligent {
            tree.nodes[node].mind = mind(of: picker, intelligent, children, Random.hash("\(routes[place.owner].name) \(written)".utf8))
        }
        if let conditional = strategy as? Conditional {
            addGates(conditional, children.map(\.leaves), on: place.way, of: routes[place.owner].name)
        }
        return node
    }

    private mutating func check(_ strategy: any Strategy, _ branches: [Branch], _ place: Place) {
        let name = routes[place.owner].name
        let strategyName = type(of: strategy).name
        if branches.isEmpty { note(.emptyChoice(strategy: strategyName), in: name) }
        if strategy is Single, branches.count > 1 { note(.severalForSingle(branches.count), in: name) }
        for case let weight? in branches.map(\.weight) where !(weight >= 0 && weight.isFinite) { note(.badWeight(weight), in: name) }
        if !branches.isEmpty, branches.allSatisfy({ $0.weight.map { $0 <= 0 } ?? false }) { note(.noWeight(strategy: strategyName), in: name) }
    }

    private mutating func picker(_ strategy: any Strategy, _ key: PickerKey) -> Int {
        if let known = pickers[key] { return known }
        pickers[key] = tree.pickers.count
        tree.pickers.append(Picker(strategy))
        return tree.pickers.count - 1
    }

    private mutating func mind(of picker: Int, _ strategy: Intelligent, _ children: [CompiledTree.Child], _ name: UInt64) -> Int {
        if let known = minds[picker] { return known }
        let deployments = children.map { child in tree.leaves[child.leaves].map(\.deployment) }
        tree.minds.append(MindPlan(name: name, axis: strategy.axis, children: deployments))
        minds[picker] = tree.minds.count - 1
        return tree.minds.count - 1
    }

    static func defaultFaults(_ strategy: any Strategy) -> FaultSet {
        let others = FaultSet.all.subtracting(FaultSet(.badRequest, .cancelled))
        return strategy is Fallback || strategy is Conditional ? others : others.subtracting(FaultSet(.contextWindow, .contentPolicy))
    }

    private func candidate(of child: Int, _ branch: Branch, _ index: Int) -> Candidate {
        let node = tree.nodes[child]
        guard node.picker < 0, !node.leaves.isEmpty else { return Candidate(branch: index, weight: branch.weight) }
        let id = tree.leaves[node.leaves.lowerBound].deployment
        let deployment = deployments[id]
        return Candidate(
            branch: index, deployment: id, weight: branch.weight ?? deployment.weight, requestsPerMinute: deployment.requestsPerMinute,
            tokensPerMinute: deployment.tokensPerMinute)
    }
}
