import Guarding
import Routing
import Schema

/// Guardrails: what the workspace says, what projects and keys say otherwise, and the policies that come of it.
extension Compiler {
    mutating func guards(_ firewall: Firewall) -> GuardTable {
        check(document.guardrails, at: "guardrails", root["guardrails"])
        for entry in document.projects.entries {
            checkOverrides(entry.value.guardrails, at: "projects".setting(entry.name), nodes["projects", entry.name]?["guardrails"])
        }
        for entry in document.keys.entries {
            checkOverrides(entry.value.guardrails, at: "keys".setting(entry.name), nodes["keys", entry.name]?["guardrails"])
        }
        var resolver = GuardResolver(firewall)
        let workspace = document.guardrails
        for (name, terms) in terms.sorted(by: { $0.key < $1.key }) { checkRoutePII(terms, named: name) }
        resolver.table.keyless = resolver.policy(workspace)
        resolver.table.owners = guardedOwners(&resolver)
        for (route, own) in routeGuards { resolver.table.routes[route] = guardedOwners(&resolver, own) }
        return resolver.table
    }

    /// - Parameter route: What a route says of personal data, for requests over it.
    private func guardedOwners(_ resolver: inout GuardResolver, _ route: PersonalDataSettings? = nil) -> GuardTable.Owners {
        var owners = GuardTable.Owners()
        func policy(_ settings: GuardrailSettings) -> Int? {
            guard let route else { return resolver.policy(settings) }
            var joined = settings
            joined.personalData = route.joined(with: settings.personalData)
            return resolver.policy(joined)
        }
        let workspace = document.guardrails
        let projects = document.projects.entries.map { $0.value.guardrails.over(workspace) }
        if document.keys.entries.isEmpty { owners.keys = [policy(workspace)] }
        for (index, entry) in document.keys.entries.enumerated() {
            let own = entry.value.guardrails
            let project = index < keys.count ? keys[index].project : nil
            owners.keys.append(policy(own.over(project.map { projects[$0] } ?? workspace)))
            guard project == nil, document.projects.entries.contains(where: { $0.value.guardrails != GuardrailSettings() }) else { continue }
            owners.named[index] = projects.map { policy(own.over($0)) }
        }
        if document.keys.entries.isEmpty, !projects.isEmpty { owners.named[0] = projects.map { policy($0) } }
        return owners
    }

    private mutating func checkRoutePII(_ terms: RouteTerms, named name: String) {
        guard let personal = terms.personalData, personal.actions == nil else { return }
        var settings = GuardrailSettings()
        settings.personalData = personal
        check(settings, at: terms.path, terms.node)
    }

    // MARK: Checks

    /// Only what the workspace has switched on can be otherwise.
    private mutating func checkOverrides(_ settings: GuardrailSettings, at owner: String, _ node: Node?) {
        guard settings != GuardrailSettings() else { return }
        let place = owner.setting("guardrails")
        let base = document.guardrails
        let rails: [(name: String, isSaid: Bool, isOn: Bool)] = [
            ("pii", settings.personalData != nil, base.personalData?.isOn ?? false),
            ("injection", settings.injection != nil, base.injection?.rail.isOn ?? false),
            ("toxicity", settings.toxicity != nil, base.toxicity?.rail.isOn ?? false),
            ("keywords", settings.keywords != nil, base.keywords?.rail.isOn ?? false),
            ("moderation", settings.moderation != nil, base.moderation?.rail.isOn ?? false),
            ("budget_cap", settings.budgetCap != nil, base.budgetCap ?? .block != .off),
        ]
        let offered = rails.filter(\.isOn).map { "`\($0.name)`" }.joined(separator: ", ")
        for rail in rails where rail.isSaid && !rail.isOn {
            let line = node?.entry(rail.name)?.line ?? node?.line ?? 0
            reader.reading.problem(
                place.setting(rail.name), line,
                "guardrail `\(rail.name)` is not switched on in `guardrails`: only those that are can be changed here, which are \(offered)")
        }
        check(settings.over(base), at: place, node, said: settings)
    }

    /// - Parameter said: What stands there itself; what is above it is told where it stands.
    private mutating func check(_ settings: GuardrailSettings, at place: String, _ node: Node?, said: GuardrailSettings? = nil) {
        let said = said ?? settings
        if let personal = settings.personalData, said.personalData != nil, personal.actions == nil || personal.rail.action != nil {
            check(personal.rail, "pii", at: place, node)
        }
        if let rail = settings.injection?.rail, said.injection != nil { check(rail, "injection", at: place, node) }
        if let rail = settings.toxicity?.rail, said.toxicity != nil { check(rail, "toxicity", at: place, node) }
        if let keywords = settings.keywords, said.keywords != nil {
            check(keywords.rail, "keywords", at: place, node)
            check(keywords, at: place.setting("keywords"), node?["keywords"])
        }
        if let action = said.budgetCap, action == .mask || action == .route {
            reader.reading.problem(
                place.setting("budget_cap"), node?.entry("budget_cap")?.line ?? 0,
                "`\(action.rawValue)` is nothing that a budget can do; there are off, warn, block")
        }
        for (index, text) in said.allow.enumerated() where text.allSatisfy(\.isWhitespace) {
            let line = node?["allow"]?.items?[index].line ?? node?.entry("allow")?.line ?? 0
            reader.reading.problem(place.setting("allow").item(index), line, "is empty")
        }
    }

    private mutating func check(_ rail: RailSettings, _ name: String, at place: String, _ node: Node?) {
        let section = node?[name]
        let line = section?.entry("action")?.line ?? node?.entry(name)?.line ?? 0
        if rail.action == nil {
            // What stands there and is no action has its problem.
            guard section?.entry("action") == nil, section?.scalar == nil else { return }
            reader.reading.problem(place.setting(name).setting("action"), line, "is missing: what becomes of what is found")
        } else if rail.action == .route {
            if let route = rail.route {
                _ = routeName(route, at: place.setting(name).setting("route"), line: section?.entry("route")?.line ?? line)
            } else {
                reader.reading.problem(place.setting(name).setting("route"), line, "is missing: the route that `route` sends requests to")
            }
        }
    }

    private mutating func check(_ keywords: KeywordSettings, at place: String, _ node: Node?) {
        let words = keywords.words ?? []
        if words.isEmpty, keywords.rail.isOn {
            reader.reading.problem(place.setting("words"), node?.line ?? 0, "is missing: the words that are looked for")
        }
        for problem in Keywords.compile(words).problems {
            let items = node?["words"]?.items
            let line = items.flatMap { problem.index < $0.count ? $0[problem.index].line : nil } ?? node?.line ?? 0
            reader.reading.problem(place.setting("words").item(problem.index), line, problem.message)
        }
    }
}

extension RailSettings {
    fileprivate var isOn: Bool { (action ?? .off) != .off }
}

extension GuardTable {
    /// The policy of a section `guardrails` alone, for trying it: routes that it names need not be there.
    public static func trial(_ section: Node, firewall: Firewall) -> (policy: GuardPolicy?, problems: [Problem]) {
        var reading = Reading()
        let settings = GuardrailSettings.read(section, at: "guardrails", &reading)
        let words = settings?.keywords?.words ?? []
        for problem in Keywords.compile(words).problems {
            reading.problem("guardrails".setting("keywords").setting("words").item(problem.index), 0, problem.message)
        }
        let problems = reading.problems.inOrder.errors
        guard let settings, problems.isEmpty else { return (nil, problems) }
        let resolver = GuardResolver(firewall)
        return (resolver.policy(trying: settings), [])
    }
}

/// Makes policies of settings, each different one once.
private struct GuardResolver {
    var table = GuardTable()
    private let firewall: Firewall
    private var known: [GuardrailSettings: Int?] = [:]
    private var words: [[String]: Keywords] = [:]

    init(_ firewall: Firewall) { self.firewall = firewall }

    /// Nil: nothing is looked for.
    mutating func policy(_ settings: GuardrailSettings) -> Int? {
        var settings = settings
        (settings.budgetCap, settings.moderation) = (nil, nil)
        if let index = known[settings] { return index }
        let policy = compiled(settings)
        let index: Int? = policy.isEmpty ? nil : table.policies.count
        if !policy.isEmpty { table.policies.append(policy) }
        known[settings] = index
        return index
    }

    func policy(trying settings: GuardrailSettings) -> GuardPolicy {
        var own = self
        return own.compiled(settings)
    }

    private mutating func compiled(_ settings: GuardrailSettings) -> GuardPolicy {
        let list = settings.keywords?.rail.isOn ?? false ? settings.keywords?.words ?? [] : []
        let keywords = words[list] ?? Keywords.compile(list).keywords
        words[list] = keywords
        var policy = GuardPolicy(words: keywords, rules: firewall.rules)
        if let personal = settings.personalData {
            policy.personalData = personal.rail.over(policy.personalData)
            let actions = personal.effective
            policy.personalKinds = PersonalData.Kinds(actions.keys)
            policy.setPersonalActions(actions.mapValues(\.action))
            policy.restores = personal.restore ?? false && policy.masksPersonalData
        }
        if let injection = settings.injection { policy.injection = injection.rail.over(policy.injection) }
        if let toxicity = settings.toxicity { policy.toxicity = toxicity.rail.over(policy.toxicity, .foreign) }
        if let keywords = settings.keywords { policy.keywords = keywords.rail.over(policy.keywords) }
        policy.firewallIsShadow = settings.firewallShadow ?? false
        policy.firewallStatus = settings.firewallStatus ?? policy.firewallStatus
        policy.refusesUnread = settings.unreadBodies == .block
        policy.refusesWebSockets = settings.webSockets != .pass
        policy.allow(settings.allow)
        return policy
    }
}

extension RailSettings {
    /// - Parameter prompt: Whose texts of a prompt are read unless settings say; nil: those of `initial`.
    fileprivate func over(_ initial: GuardPolicy.Rail, _ prompt: GuardPolicy.Roles? = nil) -> GuardPolicy.Rail {
        var rail = initial
        rail.action = (action ?? .off).action
        if let threshold { rail.threshold = Int((threshold * 1000).rounded()) }
        rail.isShadow = shadow ?? false
        rail.route = route
        var asked = prompt ?? initial.roles.intersection(.prompt)
        if let roles { asked = roles.reduce([]) { $0.union(.init($1.role)) } }
        let replies = scope.map { $0 != .prompt } ?? initial.roles.contains(.reply)
        rail.roles = (scope == .reply ? [] : asked).union(replies ? .init(.reply) : [])
        return rail
    }
}

extension GuardAction {
    fileprivate var action: GuardPolicy.Action {
        switch self {
        case .off: .off
        case .warn: .warn
        case .mask: .mask
        case .block: .block
        case .route: .route
        }
    }
}

extension GuardRole {
    fileprivate var role: GuardPolicy.Role {
        switch self {
        case .system: .system
        case .user: .user
        case .assistant: .assistant
        case .tool: .tool
        }
    }
}
