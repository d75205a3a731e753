import Routing
import Schema
import Translation

/// Projects and virtual keys.
extension Compiler {
    mutating func addProjects() {
        for entry in document.projects.entries {
            var project = Project(name: entry.name)
            project.policy = policy(entry.value.policy, at: "projects".setting(entry.name), nodes["projects", entry.name])
            project.tags = entry.value.tags
            (project.isActive, project.keepsTexts) = (entry.value.active, entry.value.keepsTexts)
            project.redactsTexts = entry.value.redactsTexts
            project.residency = residency(of: entry)
            project.compression = .compiled(organisation: document.organisation.compression, project: entry.value.compression)
            projects.append(project)
        }
        for entry in document.customers.entries {
            var customer = Customer(name: entry.name)
            customer.isActive = entry.value.active
            customers.append(customer)
        }
    }

    /// On loopback requests without a key are served where there are none.
    private mutating func warnOfNoKeys() {
        guard document.keys.entries.isEmpty, !document.server.listen.isLoopback else { return }
        let line = root["server"]?.entry("listen")?.line ?? 0
        let message = "is not loopback and there is no key, so every request is refused with 401: add one to `keys`, or `swiftlet keys create NAME`"
        reader.reading.warning("server.listen", line, message)
    }

    /// Two listeners cannot have one port of one address. 0 is a port of its own each time.
    mutating func checkListeners() {
        let (listen, admin) = (document.server.listen, document.server.admin)
        guard listen.port != 0, listen.meets(admin) else { return }
        let lines = ["listen", "admin"].map { root["server"]?.entry($0)?.line }
        let other = lines[0].map { "line \($0)" } ?? "its default"
        let own = lines[1] == nil ? "; its default is \(admin.written ?? "")" : ""
        reader.reading.problem(
            "server.admin", lines[1] ?? lines[0] ?? 0, "is where server.listen listens already (\(other))\(own): give it another port")
    }

    mutating func addKeys() {
        let assigned = assignedPolicies()
        warnOfNoKeys()
        var owners: [Secret: String] = [:]
        for entry in document.keys.entries {
            let path = "keys".setting(entry.name)
            let node = nodes["keys", entry.name]
            var key = VirtualKey(name: entry.name, secret: entry.value.key)
            key.paused = entry.value.paused
            key.expires = entry.value.expires
            if let owner = owners.updateValue(entry.name, forKey: Secret(entry.value.key.reveal())) {
                reader.reading.problem(path.setting("key"), entry.line, "is the same key as that of `\(owner)`")
            }
            addPrevious(to: &key, entry, node, &owners)
            key.models = models(of: entry, node, at: path)
            key.owner = entry.value.owner
            key.budgetMode = entry.value.budgetMode
            key.providers = providers(of: entry, node, at: path)
            if let name = entry.value.customer {
                key.customer = customers.firstIndex { $0.name == name }
                if key.customer == nil { reportUnknown(name, "customer", among: document.customers.names, at: path, node) }
            }
            if let name = entry.value.project {
                key.project = projects.firstIndex { $0.name == name }
                if key.project == nil { reportUnknown(name, "project", among: document.projects.names, at: path, node) }
            }
            let project = key.project.map { projects[$0] }
            let own = policy(entry.value.policy, at: path, node)
            key.policy = [own, assigned[entry.name], project?.policy, defaultPolicy].compactMap { $0 }.first { compiledPolicies[$0].isEnabled }
            key.tags = entry.value.tags + (project?.tags ?? []).filter { !entry.value.tags.contains($0) }
            (key.region, key.regions, key.deniedRegions) = (entry.value.region, entry.value.regions, entry.value.deniedRegions)
            key.overrides = entry.value.overrides.set
            key.residency = Residency(kinds: entry.value.kinds, keepsNothing: entry.value.zeroDataRetention).within(project?.residency)
            checkRegions(key.regions, key.deniedRegions, at: path, line: node?.entry("denied_regions")?.line ?? entry.line)
            key.cache = entry.value.cache
            keys.append(key)
        }
    }

    private mutating func residency(of entry: Named<ProjectSettings>.Entry) -> Residency? {
        let line = nodes["projects", entry.name]?.entry("denied_regions")?.line ?? entry.line
        checkRegions(entry.value.regions, entry.value.deniedRegions, at: "projects".setting(entry.name), line: line)
        var residency = Residency(kinds: entry.value.kinds, keepsNothing: entry.value.zeroDataRetention)
        (residency.regions, residency.deniedRegions) = (entry.value.regions, entry.value.deniedRegions)
        return residency.demandsNothing ? nil : residency
    }

    private mutating func checkRegions(_ allowed: [String], _ denied: [String], at path: String, line: Int) {
        for region in Set(allowed).intersection(denied).sorted() {
            reader.reading.problem(path.setting("denied_regions"), line, "`\(region)` is both allowed and denied")
        }
    }

    private mutating func models(of entry: Named<KeySettings>.Entry, _ node: Node?, at path: String) -> [String]? {
        guard let models = entry.value.models, !models.contains("*") else { return nil }
        let list = node?["models"]
        for (index, name) in models.enumerated() {
            let line = list?.items?[index].line ?? list?.line ?? entry.line
            let place = path.setting("models").item(index)
            if reader.skipsDangling {
                if routeName(name) == nil { reader.reading.warning(place, line, "there is no model `\(name.prefix(100))`") }
            } else {
                _ = routeName(name, at: place, line: line)
            }
        }
        return models
    }

    /// Keys it had before it was rotated.
    private mutating func addPrevious(
        to key: inout VirtualKey, _ entry: Named<KeySettings>.Entry, _ node: Node?, _ owners: inout [Secret: String]
    ) {
        for (index, previous) in entry.value.previousKeys.enumerated() {
            let place = "keys".setting(entry.name).setting("previous_keys").item(index)
            if let owner = owners.updateValue(entry.name, forKey: Secret(previous.key.reveal())) {
                reader.reading.problem(place, node?.entry("previous_keys")?.line ?? entry.line, "is the same key as that of `\(owner)`")
            }
            key.previous.append((previous.key, previous.until))
        }
    }

    private mutating func providers(of entry: Named<KeySettings>.Entry, _ node: Node?, at path: String) -> [String]? {
        guard let providers = entry.value.providers, !providers.contains("*") else { return nil }
        for (index, name) in providers.enumerated() where document.providers[name] == nil && nodes["providers", name] == nil {
            let line = node?["providers"]?.items?[index].line ?? node?.entry("providers")?.line ?? entry.line
            let message = "there is no provider `\(name.prefix(100))`\(Spelling.help(for: name, among: document.providers.names))"
            let place = path.setting("providers").item(index)
            if reader.skipsDangling { reader.reading.warning(place, line, message) } else { reader.reading.problem(place, line, message) }
        }
        return providers
    }

    /// The policy of that name. A draft is nobody's.
    private mutating func policy(_ name: String?, at path: String, _ node: Node?) -> Int? {
        guard let name else { return nil }
        guard let index = compiledPolicies.firstIndex(where: { $0.name == name }) else {
            reportUnknown(name, "policy", among: document.policies.names, at: path, node)
            return nil
        }
        guard !compiledPolicies[index].isDraft else {
            reader.reading.problem(path.setting("policy"), node?.entry("policy")?.line ?? 0, "`\(name)` is a draft: requests ask for it by name")
            return nil
        }
        return index
    }

    private mutating func reportUnknown(_ name: String, _ setting: String, among names: [String], at path: String, _ node: Node?) {
        let line = node?.entry(setting)?.line ?? node?.line ?? 0
        let message = "there is no \(setting == "virtual_key" ? "key" : setting) `\(name.prefix(100))`\(Spelling.help(for: name, among: names))"
        if reader.skipsDangling {
            reader.reading.warning(path.setting(setting), line, message)
        } else {
            reader.reading.problem(path.setting(setting), line, message)
        }
    }

    /// Policies that name their key: at most one that is switched on for each.
    private mutating func assignedPolicies() -> [String: Int] {
        var assigned: [String: Int] = [:]
        for (index, entry) in document.policies.entries.enumerated() {
            guard let key = entry.value.virtualKey else { continue }
            let place = "policies".setting(entry.name)
            let node = nodes["policies", entry.name]
            let line = node?.entry("virtual_key")?.line ?? entry.line
            guard let settings = document.keys[key] else {
                // A key whose own settings cannot be read has a problem already.
                if nodes["keys", key] == nil { reportUnknown(key, "virtual_key", among: document.keys.names, at: place, node) }
                continue
            }
            guard entry.value.enabled, !compiledPolicies[index].isDraft else { continue }
            if let other = assigned[key] {
                let name = compiledPolicies[other].name
                reader.reading.problem(place.setting("virtual_key"), line, "`\(key)` has the policy `\(name)` already; switch one of them off")
            } else if let own = settings.policy, own != entry.name {
                reader.reading.problem(place.setting("virtual_key"), line, "`\(key)` names the policy `\(own)` itself")
            }
            assigned[key] = index
        }
        return assigned
    }
}

extension Residency {
    init(kinds: [ProviderKind], keepsNothing: Bool) {
        self.init()
        if !kinds.isEmpty { self.kinds = Kinds(kinds.map(\.deployment)) }
        needsZeroRetention = keepsNothing
    }

    /// What a key and its project demand together; nil: nothing.
    public func within(_ project: Residency?) -> Residency? {
        var both = self
        if let project {
            both.kinds.formIntersection(project.kinds)
            both.needsZeroRetention = needsZeroRetention || project.needsZeroRetention
            (both.regions, both.deniedRegions) = (project.regions, project.deniedRegions)
        }
        return both.demandsNothing ? nil : both
    }
}
