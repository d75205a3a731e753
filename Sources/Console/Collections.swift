import Gateway
import Schema
import Settings
import Storage
import Wire

/// `GET|POST /api/v1/{section}` and `GET|PATCH|DELETE …/{name}`: named parts of the settings, edited in the overlay.
struct Collections: Sendable {
    /// Path segment to section of the document.
    static let sections = [
        "providers": "providers", "models": "models", "routes": "routes", "policies": "policies", "projects": "projects", "keys": "keys",
        "rules": "rules", "firewall-rules": "firewall", "customers": "customers",
    ]

    let book: SettingsBook
    let beside: Beside
    let tags = EntityTags()

    func answer(_ call: AdminCall, section: String) async throws -> AdminAnswer {
        let name = call.rest(after: 3)
        switch (call.method, name.isEmpty) {
        case ("GET", true): return try await list(call, section)
        case ("POST", true): return try await create(call, section)
        case ("GET", false): return try await get(section, name, call.caller.bounds)
        case ("PATCH", false): return try await patch(call, section, name)
        case ("DELETE", false): return try await delete(call, section, name)
        case ("POST", false) where section == "keys" && name.hasSuffix("/rotate"): return try await rotate(String(name.dropLast(7)), call)
        case (_, true): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, false): throw AdminRefusal.wrongMethod("GET, PATCH, DELETE")
        }
    }

    // MARK: Looking

    private func list(_ call: AdminCall, _ section: String) async throws -> AdminAnswer {
        // Of keys it is more work than to show their settings.
        try call.checkQuery(section == "keys" ? ["usage"] : [])
        let asks = section != "keys" || call.query["usage"] == "true"
        let bounds = call.caller.bounds
        let found = Self.members(of: section, in: await book.document).filter { member in bounds.map { KeyBounds($0).sees(member.node) } ?? true }
        let more = asks ? await beside.entries(section, found) : [:]
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for member in found { Self.shown(member.name, member.node).adding(more[member.name] ?? []).write(to: &list) }
                }
            }
        }
    }

    private func get(_ section: String, _ name: String, _ bounds: AdminToken?) async throws -> AdminAnswer {
        let document = await book.document
        guard let node = Overlay.get([section, name], in: document), bounds.map({ KeyBounds($0).sees(node) }) ?? true else {
            throw Self.unknown(section, name, document, bounds)
        }
        return answer(name, node, beside: await beside.entries(section, [(name, node)])[name] ?? [])
    }

    private func answer(_ name: String, _ node: Node, status: Int = 200, key: String? = nil, beside: [Node.Entry] = []) -> AdminAnswer {
        var shown = Self.shown(name, node).adding(beside)
        if let key { shown = shown.setting("key", .text(key)) }
        var answer = AdminAnswer(status: status) { shown.write(to: &$0) }
        answer.etag = etag(node)
        return answer
    }

    /// A name and what is set under it, secrets covered. What is no map stands under `value`.
    private static func shown(_ name: String, _ node: Node) -> Node {
        let head = [Node.Entry("name", .text(name))]
        guard let entries = node.covered().entries else {
            return node.isNull ? Node(.map(head)) : Node(.map(head + [Node.Entry("value", node.covered())]))
        }
        return Node(.map(head + entries.filter { $0.name != "name" }))
    }

    static func members(of section: String, in document: Node) -> [(name: String, node: Node)] {
        let node = document[section] ?? .map([])
        if let items = node.items { return items.compactMap { item in item["name"]?.scalar.map { ($0, item) } } }
        return (node.entries ?? []).map { ($0.name, $0.node) }
    }

    /// Names that the caller may not see are not suggested.
    private static func unknown(_ section: String, _ name: String, _ document: Node, _ bounds: AdminToken? = nil) -> AdminRefusal {
        let known = members(of: section, in: document).filter { member in bounds.map { KeyBounds($0).sees(member.node) } ?? true }
        return .unknown(word(section), name, among: known.map(\.name))
    }

    static func word(_ section: String) -> String {
        switch section {
        case "policies": "policy"
        case "firewall": "firewall rule"
        default: section.hasSuffix("s") ? String(section.dropLast()) : section
        }
    }

    // MARK: Changing

    private func create(_ call: AdminCall, _ section: String) async throws -> AdminAnswer {
        let body = Beside.without(try call.object(), section)
        guard let name = body["name"]?.scalar, !name.isEmpty, name.utf8.count <= 200 else {
            throw AdminRefusal(400, "invalid_value", "`name` is missing: 1 to 200 bytes")
        }
        var node = body["value"] ?? body
        // Items of lists keep their names.
        if !Self.isList(section), body["value"] == nil { node = node.setting("name", nil) }
        var key: String?
        if section == "keys", node["key"] == nil {
            let made = NewKey.make()
            node = node.setting("key", .text(NewKey.digest(of: made))).setting("prefix", .text(NewKey.prefix(of: made)))
            key = made
        }
        let new = node
        let bounds = call.caller.bounds
        if let bounds { try KeyBounds(bounds).checkBody(body) }
        let document = try await book.change(call.mark("\(section).create", "\(section).\(name)")) { document, overlay in
            guard Overlay.get([section, name], in: document) == nil else {
                throw AdminRefusal(409, "already_exists", "there is a \(Self.word(section)) `\(name)` already: change it with PATCH")
            }
            if let bounds { try KeyBounds(bounds).check(new, named: name) }
            overlay.set([section, name], to: new)
        }
        return answer(name, Overlay.get([section, name], in: document) ?? new, status: 201, key: key)
    }

    private static func isList(_ section: String) -> Bool { section == "rules" || section == "firewall" }

    private func patch(_ call: AdminCall, _ section: String, _ name: String) async throws -> AdminAnswer {
        let body = Beside.without(try call.object(), section)
        if let new = body["name"]?.scalar, new != name {
            throw AdminRefusal(400, "invalid_value", "a \(Self.word(section)) keeps its name: make another and delete this one")
        }
        let bounds = call.caller.bounds
        if let bounds { try KeyBounds(bounds).checkBody(body) }
        let document = try await book.change(call.mark("\(section).change", "\(section).\(name)")) { document, overlay in
            guard let old = Overlay.get([section, name], in: document), bounds.map({ KeyBounds($0).sees(old) }) ?? true else {
                throw Self.unknown(section, name, document, bounds)
            }
            try check(call, old)
            let patch = body["value"] ?? (Self.isList(section) ? body : body.setting("name", nil))
            let new = old.merged(with: patch).uncovered(by: old)
            // To stop a key is never too much.
            if let bounds, body["paused"]?.scalar != "true" || body.entries?.count != 1 { try KeyBounds(bounds).check(new, named: name) }
            overlay.set([section, name], to: new)
        }
        guard let node = Overlay.get([section, name], in: document) else { throw Self.unknown(section, name, document) }
        if section == "providers" { try await beside.tests.forget(name) }
        return answer(name, node)
    }

    private func delete(_ call: AdminCall, _ section: String, _ name: String) async throws -> AdminAnswer {
        try call.checkQuery(["dangling"])
        let bounds = call.caller.bounds
        var mark = call.mark("\(section).delete", "\(section).\(name)")
        mark.leavesDangling = try Self.leavesDangling(call)
        do {
            _ = try await book.change(mark) { document, overlay in
                guard let old = Overlay.get([section, name], in: document), bounds.map({ KeyBounds($0).sees(old) }) ?? true else {
                    throw Self.unknown(section, name, document, bounds)
                }
                try check(call, old)
                overlay.set([section, name], to: nil)
            }
        } catch let refused as SettingsBook.Refused {
            throw await book.couldSkip([section, name]) ? Self.stillNamed(section, name, refused.problems) : refused
        }
        if section == "providers" { try await beside.tests.forget(name) }
        return .nothing
    }

    static let dangling = AdminRoute.Parameter(
        name: "dangling", help: "`skip`: routes and rules that name it stay, and pass it over; without it they are a reason not to delete it.")

    private static func stillNamed(_ section: String, _ name: String, _ problems: [Problem]) -> AdminRefusal {
        let places = problems.prefix(5).map { "`\($0.path)`" }.joined(separator: ", ")
        return AdminRefusal(
            422, "invalid_settings",
            "nothing was changed: the \(word(section)) `\(name.prefix(200))` is named by \(places)\(problems.count > 5 ? " and others" : ""): "
                + "take it out there first, or delete it with `?dangling=skip`, and they pass it over from then on", problems: problems)
    }

    private static func leavesDangling(_ call: AdminCall) throws -> Bool {
        switch call.query["dangling"] {
        case nil, "refuse": false
        case "skip": true
        default: throw AdminRefusal(400, "invalid_value", "`dangling` is `skip` or `refuse`")
        }
    }

    /// A new key in place of the old one, which is refused at once, or after a time of grace.
    private func rotate(_ name: String, _ call: AdminCall) async throws -> AdminAnswer {
        var grace = Int64(0)
        if !call.body.isEmpty {
            let body = try call.object(["grace"])
            if let node = body["grace"], !node.isNull, node.scalar != "0" { grace = try Lifetime.read(node, "grace") }
        }
        guard grace <= Self.longestGrace else { throw AdminRefusal(400, "invalid_value", "`grace` must be at most 90 days") }
        let made = NewKey.make()
        let seconds = WallClock.milliseconds() / 1000
        let until = Moment(seconds: seconds + (grace + 999) / 1000)
        let (holds, bounds) = (grace > 0, call.caller.bounds)
        let document = try await book.change(call.mark("keys.rotate", "keys.\(name)")) { document, overlay in
            guard let old = Overlay.get(["keys", name], in: document), bounds.map({ KeyBounds($0).sees(old) }) ?? true else {
                throw Self.unknown("keys", name, document, bounds)
            }
            try check(call, old)
            // Whoever rotates a key has it then.
            if let bounds { try KeyBounds(bounds).check(old, named: name) }
            var new = old.setting("key", .text(NewKey.digest(of: made))).setting("prefix", .text(NewKey.prefix(of: made)))
            // Those whose time is over are in nobody's way, but the list should not grow for ever. Without grace all of them end now.
            var previous = (holds ? old["previous_keys"]?.items ?? [] : []).filter { item in
                item["until"]?.scalar.flatMap { Moment(written: $0) }.map { $0.seconds > seconds } ?? false
            }
            if holds, let key = old["key"] { previous.append(.map([("key", key), ("until", .text(until.written ?? ""))])) }
            guard previous.count <= Self.mostPrevious else {
                throw AdminRefusal(409, "too_many", "\(Self.mostPrevious) former keys are still good: rotate without grace to end them")
            }
            new = new.setting("previous_keys", previous.isEmpty ? nil : .list(previous))
            overlay.set(["keys", name], to: new)
        }
        return answer(name, Overlay.get(["keys", name], in: document) ?? .map([]), key: made)
    }

    private static let longestGrace: Int64 = 90 * 86_400_000
    private static let mostPrevious = 8

    // MARK: ETags

    /// Of everything that is set, secrets too.
    func etag(_ node: Node) -> String { tags.tag(node.json) }

    private func check(_ call: AdminCall, _ node: Node) throws { try tags.check(call, node.json) }
}

extension Node {
    fileprivate func adding(_ more: [Node.Entry]) -> Node {
        guard let entries, !more.isEmpty else { return self }
        return Node(.map(entries + more))
    }
}
