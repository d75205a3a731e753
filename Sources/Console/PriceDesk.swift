import Schema
import Settings

/// `GET|POST /api/v1/prices`, `GET|PATCH|DELETE /api/v1/prices/{provider}/{model}`: what is known of models and what they cost now. What
/// is changed here stands in the section `prices` of the settings, above the catalogue's rows.
struct PriceDesk: Sendable {
    static let section = "prices"
    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "provider", help: "A type of provider."), .init(name: "model", help: "Part of a model's name."),
        .init(name: "set_in", help: "Where the row stands: `settings`, `prices_file` or `binary`."),
        .init(name: "limit", help: "How many at most.", schema: "integer"),
    ]

    let book: SettingsBook
    let tags: EntityTags

    private static let most = 5_000
    private static let mostBytesOfName = 200
    /// What an answer says beside the settings' own members.
    private static let derived = ["name", "price", "set_in", "setting", "provider", "model"]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let name = call.rest(after: 3)
        switch (call.method, name.isEmpty) {
        case ("GET", true): return try await list(call)
        case ("POST", true): return try await create(call)
        case ("GET", false):
            try call.checkQuery([])
            let document = await book.document
            return answer(try await subject(name, document), document)
        case ("PATCH", false): return try await patch(call, name)
        case ("DELETE", false): return try await delete(call, name)
        case (_, true): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, false): throw AdminRefusal.wrongMethod("GET, PATCH, DELETE")
        }
    }

    // MARK: Looking

    private func list(_ call: AdminCall) async throws -> AdminAnswer {
        let document = await book.document
        let catalogue = await book.catalogue(of: document)
        try call.checkQuery(Self.parameters.map(\.name))
        let limit = try call.limit(Self.most, most: Self.most)
        if let provider = call.query["provider"], !catalogue.providers.contains(provider) {
            throw AdminRefusal.unknown("provider type", provider, among: catalogue.providers)
        }
        var rows = catalogue.rows(provider: call.query["provider"], containing: call.query["model"] ?? "")
        if let place = call.query["set_in"] {
            guard let origin = PriceOrigin(rawValue: place) else {
                throw AdminRefusal.unknown("place of rows", place, among: PriceOrigin.allCases.map(\.rawValue))
            }
            rows = rows.filter { catalogue.origin(of: $0) == origin }
        }
        let (found, moment) = (rows, Moment.now)
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for row in found.prefix(limit) { Self.shown(row, catalogue, document, at: moment).write(to: &list) }
                }
                whole.member("total", found.count)
            }
        }
    }

    /// A row, and what the settings say of it.
    private struct Subject {
        var row: ModelFacts
        var catalogue: PriceCatalogue
        /// Nil: it stands in the catalogue alone.
        var setting: (name: String, node: Node)?
    }

    /// By its name, by an alias, or the model of a snapshot.
    private func subject(_ name: String, _ document: Node) async throws -> Subject {
        let catalogue = await book.catalogue(of: document)
        guard let subject = Self.subject(name, document, catalogue) else {
            throw AdminRefusal.unknown("model in the catalogue", name, among: catalogue.rows.map(\.name))
        }
        return subject
    }

    private static func subject(_ name: String, _ document: Node, _ catalogue: PriceCatalogue) -> Subject? {
        guard let (provider, model) = PriceCatalogue.parts(of: name), let row = catalogue.facts(provider: provider, model: model) else { return nil }
        return Subject(row: row, catalogue: catalogue, setting: setting(row.name, document))
    }

    /// What the settings have under a name, in whatever case.
    private static func setting(_ name: String, _ document: Node) -> (name: String, node: Node)? {
        let found = document[section]?.entries?.first { $0.name.lowercased() == name.lowercased() }
        return found.map { ($0.name, $0.node) }
    }

    private func answer(_ subject: Subject, _ document: Node, status: Int = 200) -> AdminAnswer {
        let shown = Self.shown(subject.row, subject.catalogue, document, at: .now)
        var answer = AdminAnswer(status: status) { shown.write(to: &$0) }
        answer.etag = tags.tag(Self.whole(subject))
        return answer
    }

    /// What a change would be of.
    private static func whole(_ subject: Subject) -> String { subject.setting?.node.json ?? subject.row.row }

    /// The row, with its name, the price in force, where it stands and what the settings say.
    private static func shown(_ row: ModelFacts, _ catalogue: PriceCatalogue, _ document: Node, at moment: Moment) -> Node {
        let price = row.price(at: moment)?.said.map { Node.Entry($0.name, .plain($0.dollars)) }
        var head = [
            Node.Entry("name", .text(row.name)), Node.Entry("price", price.map { Node(.map($0)) } ?? .plain("null")),
            Node.Entry("set_in", .text(catalogue.origin(of: row).rawValue)),
        ]
        if let name = catalogue.setting(of: row), let setting = document[section]?[name] { head.append(Node.Entry("setting", setting)) }
        return Node(.map(head + (JSONNode.read(row.row)?.entries ?? [])))
    }

    // MARK: Changing

    private func create(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery([])
        let body = try call.object()
        let name = try Self.name(in: body)
        let new = try Self.settings(in: body, above: Self.shownNow(name, await book.document, await book.catalogue))
        guard !new.isEmpty else { throw AdminRefusal(400, "invalid_value", "say what it costs: `input` and `output`, or `prices`") }
        let document = try await book.change(call.mark("prices.create", "prices.\(name)")) { document, overlay in
            if let known = Self.setting(name, document)?.name {
                throw AdminRefusal(409, "already_exists", "the settings have a price of `\(known)` already: change it with PATCH")
            }
            overlay.set([Self.section, name], to: new)
        }
        return answer(try await subject(name, document), document, status: 201)
    }

    private func patch(_ call: AdminCall, _ name: String) async throws -> AdminAnswer {
        try call.checkQuery([])
        let body = try call.object()
        let (before, catalogue) = (await book.document, await book.catalogue)
        let known = try await subject(name, before).row.name
        if body["name"] ?? body["model"] != nil, let new = try? Self.name(in: body), new.lowercased() != known.lowercased() {
            throw AdminRefusal(400, "invalid_value", "a price keeps its name: make another and delete this one")
        }
        let patch = try Self.settings(in: body, above: Self.shownNow(known, before, catalogue))
        let document = try await book.change(call.mark("prices.change", "prices.\(known)")) { document, overlay in
            let old = Self.setting(known, document)
            if let subject = Self.subject(known, document, catalogue) {
                try tags.check(call, Self.whole(Subject(row: subject.row, catalogue: catalogue, setting: old)))
            }
            let new = Self.cleared(old?.node ?? .map([]), for: patch).merged(with: patch)
            overlay.set([Self.section, old?.name ?? known], to: new)
        }
        return answer(try await subject(known, document), document)
    }

    private func delete(_ call: AdminCall, _ name: String) async throws -> AdminAnswer {
        try call.checkQuery([])
        let known = try await subject(name, await book.document)
        let file = await book.file
        _ = try await book.change(call.mark("prices.delete", "prices.\(known.row.name)")) { document, overlay in
            guard let old = Self.setting(known.row.name, document) else {
                let place = known.catalogue.origin(of: known.row) == .file ? "the file that `prices_file` names" : "the binary"
                throw AdminRefusal(
                    409, "not_in_settings",
                    "`\(known.row.name)` is a row of \(place), not of the settings, and cannot be taken away: set another price with POST or PATCH")
            }
            try tags.check(call, old.node.json)
            let path = [Self.section, old.name]
            overlay.forget(path)
            if Overlay.get(path, in: overlay.applied(to: file)) != nil { overlay.set(path, to: nil) }
        }
        return .nothing
    }

    // MARK: Bodies

    /// As `name`, or as `provider` and `model`, which rows of the catalogue have.
    private static func name(in body: Node) throws -> String {
        let parts = body["provider"]?.scalar.flatMap { provider in body["model"]?.scalar.map { "\(provider)/\($0)" } }
        guard let name = body["name"]?.scalar ?? parts, !name.isEmpty, name.utf8.count <= mostBytesOfName else {
            throw AdminRefusal(400, "invalid_value", "`name` is missing: PROVIDER/MODEL, 1 to \(mostBytesOfName) bytes")
        }
        if let parts, parts.lowercased() != name.lowercased() {
            throw AdminRefusal(400, "invalid_value", "`name` says `\(name)`, `provider` and `model` say `\(parts.prefix(200))`")
        }
        return name
    }

    private static func shownNow(_ name: String, _ document: Node, _ catalogue: PriceCatalogue) -> Node? {
        subject(name, document, catalogue).map { shown($0.row, catalogue, document, at: .now) }
    }

    /// What a body sets. What answers say beside it may come back as it was shown, and not otherwise.
    private static func settings(in body: Node, above shown: Node?) throws -> Node {
        for member in ["price", "set_in", "setting"] {
            guard let said = body[member], said.json != shown?[member]?.json else { continue }
            throw AdminRefusal(
                400, "unknown_field", "`\(member)` is told, not set: set `input`, `output` and other classes, or `prices` with a day for each")
        }
        return derived.reduce(body) { $0.setting($1, nil) }
    }

    /// A price that is written alone gives way to a list, and a list to one that is written alone.
    private static func cleared(_ old: Node, for patch: Node) -> Node {
        let alone = PricePeriodSettings.fields.map(\.name)
        func says(_ name: String) -> Bool { patch[name].map { !$0.isNull } ?? false }
        if says("prices") { return alone.reduce(old) { $0.setting($1, nil) } }
        return alone.contains(where: says) ? old.setting("prices", nil) : old
    }
}
