import Schema

extension Compiler {
    /// Who asks which moderation endpoint, as workspace, project and key say together.
    mutating func moderation() -> ModerationTable {
        checkModeration()
        let workspace = document.guardrails
        let projects = document.projects.entries.map { $0.value.guardrails.over(workspace) }
        var table = ModerationTable()
        if document.keys.entries.isEmpty {
            table.keys = [table.index(of: workspace.moderation)]
            if !projects.isEmpty { table.named[0] = projects.map { table.index(of: $0.moderation) } }
        }
        for (index, entry) in document.keys.entries.enumerated() {
            let own = entry.value.guardrails
            let project = index < keys.count ? keys[index].project : nil
            table.keys.append(table.index(of: own.over(project.map { projects[$0] } ?? workspace).moderation))
            if project == nil, !projects.isEmpty { table.named[index] = projects.map { table.index(of: own.over($0).moderation) } }
        }
        return table
    }

    private mutating func checkModeration() {
        var places = [("guardrails", document.guardrails, root["guardrails"])]
        for entry in document.projects.entries {
            places.append(
                ("projects".setting(entry.name).setting("guardrails"), entry.value.guardrails, nodes["projects", entry.name]?["guardrails"]))
        }
        for entry in document.keys.entries {
            places.append(("keys".setting(entry.name).setting("guardrails"), entry.value.guardrails, nodes["keys", entry.name]?["guardrails"]))
        }
        for (path, settings, node) in places {
            guard let own = settings.moderation else { continue }
            check(own, at: path.setting("moderation"), node?["moderation"], line: node?.entry("moderation")?.line ?? 0)
        }
        if let workspace = document.guardrails.moderation, workspace.isOn, workspace.url == nil {
            let line = root["guardrails"]?.entry("moderation")?.line ?? 0
            reader.reading.problem("guardrails.moderation.url", line, "is missing: the endpoint that is asked")
        }
    }

    private mutating func check(_ own: ModerationSettings, at path: String, _ node: Node?, line: Int) {
        if let action = own.rail.action, action == .mask || action == .route {
            let place = node?.entry("action")?.line ?? line
            reader.reading.problem(
                path.setting("action"), place, "`\(action.rawValue)` is nothing that moderation can do; there are off, warn, block")
        }
        if let scope = own.rail.scope, scope != .prompt {
            reader.reading.problem(
                path.setting("scope"), node?.entry("scope")?.line ?? line,
                "moderation reads prompts, and no replies, "
                    + "which would have to wait until they are whole and the endpoint has answered: `toxicity`, `keywords` and `firewall` read replies"
            )
        }
    }
}

extension ModerationTable {
    fileprivate mutating func index(of settings: ModerationSettings?) -> Int? {
        guard let settings, settings.isOn, settings.url != nil else { return nil }
        if let known = all.firstIndex(of: settings) { return known }
        all.append(settings)
        return all.count - 1
    }
}
