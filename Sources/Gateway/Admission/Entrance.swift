import NIOCore
import Routing
import Schema
import Settings
import Translation
import Wire

/// Where a request enters: a route, and by what it was chosen.
struct Entry {
    var model: NamedModel
    /// The tree that the request brought with it.
    var inline: InlineRoute?
    /// Index of the blueprint's policies.
    var policy: Int?
    var project: String?
    /// Index of the blueprint's customers.
    var customer: Int?
    /// The one provider that may serve.
    var provider: String?
    /// The request chose its way itself, which its key allows: a rule's route does not replace it.
    var isOwn = false
    var trial = TrialMark()
}

/// Finds the entry of a request: its own tree or wish first, then the model it names, then its policy.
struct Entrance {
    private let live: Live
    private let routes: InlineRoutes
    let view: RequestView
    private let key: Int
    private let standing: Live.Standing
    private let now: Instant
    let unixMilliseconds: Int64

    var blueprint: Blueprint { live.blueprint }
    private var extras: Call.Extras { view.call.extras }

    init(_ admission: Admission, _ standing: Live.Standing) {
        live = admission.live
        routes = admission.server.inlineRoutes
        view = admission.view
        key = admission.key
        self.standing = standing
        now = admission.now
        unixMilliseconds = admission.unixMilliseconds
    }

    func find() throws(Obstacle) -> Entry {
        var (policy, project) = try policyAndProject()
        var trial = TrialMark()
        if live.hasTrials { policy = tried(policy, asked: namesPolicy, at: now, &trial) }
        var entry = try ownWay(policy)
        entry.trial = trial
        entry.policy = policy
        entry.project = project
        if live.hasCustomers { entry.customer = try customer() }
        if let fallbacks = extras.fallbacks { try addFallbacks(fallbacks, to: &entry) }
        return entry
    }

    private func ownWay(_ policy: Int?) throws(Obstacle) -> Entry {
        if let entry = try tree(policy) { return entry }
        if let entry = try wish(policy) { return entry }
        return try named(policy)
    }

    // MARK: Policy and project

    private func policyAndProject() throws(Obstacle) -> (policy: Int?, project: String?) {
        var (policy, project) = (standing.policy, standing.project)
        if let name = view.text(extras.project) ?? view.text(view.head.projectID), name != project {
            try allow(.project, "project_id")
            guard let index = blueprint.project(named: name) else {
                let near = Spelling.nearest(to: name, among: blueprint.projects.map(\.name)).map { "; did you mean `\($0)`?" } ?? ""
                throw refuse(.invalidValue, "there is no project `\(name.prefix(100))`\(near)", "project_id")
            }
            guard project == nil else { throw refuse(.overrideNotAllowed, "this key belongs to project `\(project ?? "")`", "project_id") }
            guard blueprint.projects[index].isActive else { throw .refused(Live.inactiveProject(name)) }
            project = name
            if !standing.hasOwnPolicy { policy = blueprint.projects[index].policy ?? blueprint.defaultPolicy }
        }
        if let name = view.text(extras.routingPolicy) ?? view.header("x-merge-routing-policy-id") {
            try allow(.policy, "routing_policy_id")
            policy = try self.policy(named: name)
        }
        return (policy, project)
    }

    /// The request asks for a policy by its name, which it then gets.
    private var namesPolicy: Bool { extras.routingPolicy != nil || view.header("x-merge-routing-policy-id") != nil }

    /// The key's; else the one that the request names in a header; else its `user`, where that is the name of a customer.
    private func customer() throws(Obstacle) -> Int? {
        let header = view.header(Self.customerHeader)
        if let own = standing.customer {
            guard header.map({ $0 == blueprint.customers[own].name }) ?? true else {
                throw refuse(.overrideNotAllowed, "this key belongs to customer `\(blueprint.customers[own].name)`", Self.customerHeader)
            }
            return own
        }
        let found: Int?
        if let header {
            try allow(.customer, Self.customerHeader)
            found = blueprint.customer(named: header)
            if found == nil {
                let near = Spelling.nearest(to: header, among: blueprint.customers.map(\.name)).map { "; did you mean `\($0)`?" } ?? ""
                throw refuse(.invalidValue, "there is no customer `\(header.prefix(100))`\(near)", Self.customerHeader)
            }
        } else {
            found = standing.overrides.contains(.customer) ? view.text(view.call.user).flatMap { blueprint.customer(named: $0) } : nil
        }
        if let found, !blueprint.customers[found].isActive { throw .refused(Live.inactiveCustomer(blueprint.customers[found].name)) }
        return found
    }

    private static let customerHeader = "x-customer-id"

    private func policy(named name: String) throws(Obstacle) -> Int {
        if let index = blueprint.policy(named: name) {
            let policy = blueprint.policies[index]
            if let expires = policy.expires, expires.seconds <= unixMilliseconds / 1000 {
                throw refuse(.invalidValue, "the draft `\(name)` has expired", "routing_policy_id")
            }
            if policy.isEnabled || policy.isDraft { return index }
            throw refuse(.invalidValue, "the policy `\(name)` is switched off", "routing_policy_id")
        }
        let near = Spelling.nearest(to: name, among: blueprint.policies.map(\.name)).map { "; did you mean `\($0)`?" } ?? ""
        throw refuse(.invalidValue, "there is no policy `\(name.prefix(100))`\(near)", "routing_policy_id")
    }

    // MARK: The request's own way

    /// `router` and `extra.router`: a tree that came with the request.
    private func tree(_ policy: Int?) throws(Obstacle) -> Entry? {
        let place = extras.router ?? extras.extra
        guard let place else { return nil }
        let isMember = extras.router != nil
        guard let node = isMember ? view.node(place) : view.extra?["router"], !node.isNull else { return nil }
        let path = isMember ? "router" : "extra.router"
        try allow(.router, path)
        if let name = node.scalar { return try named(name, policy, param: path) }
        let inline = try routes.find(Array(place.of(view.body)), on: live.table.version) { version throws(Obstacle) in
            try compile(node, at: path, version: version)
        }
        var entry = Entry(model: NamedModel(route: inline.route, name: inline.name, hidden: true), inline: inline)
        entry.isOwn = true
        return entry
    }

    /// `router_mode`, `router_provider`, `router_model` of TokenRouter, `vendor` of Merge.
    private func wish(_ policy: Int?) throws(Obstacle) -> Entry? {
        let (mode, provider, model) = (view.text(extras.routerMode), view.text(extras.routerProvider), view.text(extras.routerModel))
        guard mode != nil || provider != nil || model != nil else { return nil }
        var entry: Entry
        if let model {
            try allow(.model, "router_model")
            let joined = provider.map { "\($0)/\(model)" }
            if let joined, live.names.find(joined) != nil {
                entry = try named(joined, policy, param: "router_model")
            } else {
                entry = try named(model, policy, param: "router_model")
            }
        } else {
            entry = try named(policy, or: "auto")
        }
        if let mode {
            try allow(.mode, "router_mode")
            entry.model.mode = try self.mode(mode)
        }
        if let provider {
            try allow(.provider, "router_provider")
            guard live.providers.contains(provider) else {
                let near = Spelling.nearest(to: provider, among: live.providers).map { "; did you mean `\($0)`?" } ?? ""
                throw refuse(.invalidValue, "there is no provider `\(provider.prefix(100))`\(near)", "router_provider")
            }
            entry.provider = provider
        }
        entry.isOwn = true
        return entry
    }

    private func mode(_ name: String) throws(Obstacle) -> AutoMode {
        if let mode = AutoMode(named: name) { return mode }
        let names = AutoMode.allCases.map(\.rawValue)
        let near = Spelling.nearest(to: name, among: names).map { "; did you mean `\($0)`?" } ?? "; it may be \(names.joined(separator: ", "))"
        throw refuse(.invalidValue, "there is no mode `\(name.prefix(100))`\(near)", "router_mode")
    }

    // MARK: Model, then policy

    /// What the member `model` names; without one the policy decides, else the organisation's default, else `other`.
    private func named(_ policy: Int?, or other: String? = nil) throws(Obstacle) -> Entry {
        if let text = view.call.model, !(policy.map { blueprint.policies[$0].overridesModel } ?? false) {
            if let model = live.names.find(text, in: view.body) {
                // `default` means the default of whoever asks.
                if model.route == blueprint.defaultRoute, let name = view.modelName, name == "default" || name == "default_routing" {
                    return try decided(by: policy, or: nil)
                }
                return try allowed(model) { view.modelName ?? model.name }
            }
            let name = view.modelName ?? ""
            if !name.isEmpty { return try named(name, policy, param: "model") }
        } else if let name = view.call.pathModel, !name.isEmpty, !(policy.map { blueprint.policies[$0].overridesModel } ?? false) {
            return try named(name, policy, param: "model")
        }
        return try decided(by: policy, or: other)
    }

    private func decided(by policy: Int?, or other: String?) throws(Obstacle) -> Entry {
        if let policy, let route = blueprint.policies[policy].route {
            return Entry(model: NamedModel(route: route, name: live.routeName(route), hidden: true))
        }
        if let model = live.defaultModel { return Entry(model: model) }
        if let other, let model = live.names.find(other) { return try allowed(model) { other } }
        throw .refused(live.unknownModel(nil, key: key))
    }

    private func named(_ name: String, _ policy: Int?, param: String) throws(Obstacle) -> Entry {
        if let model = live.names.find(name) { return try allowed(model) { name } }
        if name == "default" || name == "default_routing" { return try decided(by: policy, or: nil) }
        if let colon = name.lastIndex(of: ":"), let mode = AutoMode(named: String(name[name.index(after: colon)...])) {
            if let model = live.names.find(String(name[..<colon])) {
                try allow(.mode, param)
                var entry = try allowed(model) { name }
                entry.model.mode = mode
                return entry
            }
        }
        if name.contains("/"), live.allowances[key].permitsAnything,
            let router = try? InlineRouter.read(.text(name), named: "router/\(name)", in: blueprint), !router.missing.isEmpty
        {
            throw .missing(router.missing)
        }
        throw .refused(live.unknownModel(name, key: key, param: param))
    }

    private func allowed(_ model: NamedModel, _ name: () -> String) throws(Obstacle) -> Entry {
        guard live.allowances[key].permits(model) else { throw .refused(live.notAllowed(name(), key: key)) }
        return Entry(model: model)
    }

    // MARK: Trees and fallbacks

    private func compile(_ node: Node, at path: String, version: Int) throws(Obstacle) -> InlineRoute {
        let read = try read(path) { name throws(InlineProblems) in try InlineRouter.read(node, named: name, at: path, in: blueprint) }
        return try extend([read.route], path, version: version, route: live.table.routes.count, fallbacks: nil, read.limiters)
    }

    /// The request's own `fallbacks`: names, or targets.
    private func addFallbacks(_ place: ByteRange, to entry: inout Entry) throws(Obstacle) {
        guard let node = view.node(place), !node.isEmpty else { return }
        try allow(.fallbacks, "fallbacks")
        // The same list behind another tree is another extension.
        let text = Array((extras.router ?? extras.extra ?? ByteRange(0, 0)).of(view.body)) + [0] + Array(place.of(view.body))
        let base = entry
        entry.inline = try routes.find(text, on: live.table.version) { version throws(Obstacle) in
            let read = try read("fallbacks") { name throws(InlineProblems) in
                try InlineRouter.readFallbacks(node, named: "\(name)/fallbacks", in: blueprint)
            }
            let own = base.inline.map { [$0.table.routes[$0.route]] } ?? []
            let first = live.table.routes.count
            return try extend(
                own + [read.route], "fallbacks", version: version, route: base.inline == nil ? base.model.route : first,
                fallbacks: [first + own.count], (base.inline?.limiters ?? []) + read.limiters)
        }
    }

    /// Reads a tree and checks that the key may name what it mentions.
    private func read(_ path: String, _ read: (_ name: String) throws(InlineProblems) -> InlineRouter) throws(Obstacle) -> InlineRouter {
        let router: InlineRouter
        do throws(InlineProblems) { router = try read(name(of: path)) } catch {
            throw refuse(.invalidValue, "\(error)", error.problems.first?.path ?? path)
        }
        let allowance = live.allowances[key]
        if !allowance.permitsAnything {
            for mention in router.mentions where !(live.names.find(mention.name).map(allowance.permits) ?? false) {
                throw .refused(live.notAllowed(mention.name, key: key))
            }
        }
        if !router.missing.isEmpty { throw .missing(router.missing) }
        return router
    }

    private func extend(
        _ added: [NamedRoute], _ path: String, version: Int, route: Route.ID, fallbacks: [Route.ID]?, _ limiters: [Limiter]
    ) throws(Obstacle) -> InlineRoute {
        do throws(RoutingTableError) {
            return InlineRoute(try live.table.extended(by: added, version: version), route: route, fallbacks: fallbacks, limiters: limiters)
        } catch {
            throw refuse(.invalidValue, "\(path): \(error.description)", path)
        }
    }

    /// What headers and records call the tree: as it calls itself, else as vLLora calls all of them.
    private func name(of path: String) -> String {
        let router = path == "router" ? view.node(extras.router) : view.extra?["router"]
        let name = "router/\(router?["name"]?.scalar?.prefix(100) ?? "dynamic")"
        return live.table.route(named: name) == nil ? name : "\(name)*"
    }

    // MARK: Refusing

    private func allow(_ override: Overrides, _ param: String) throws(Obstacle) {
        guard !standing.overrides.contains(override) else { return }
        throw refuse(.overrideNotAllowed, "key `\(live.keyName(key))` may not use `\(param)`", param)
    }

    private func refuse(_ code: RefusalCode, _ message: String, _ param: String) -> Obstacle {
        .refused(Refusal(code, message, param: param))
    }
}
