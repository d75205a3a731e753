import Schema
import Settings

/// `GET /api/v1/prices[/{provider}/{model}]`: what is known of models, and what they cost now.
struct PriceDesk: Sendable {
    let book: SettingsBook

    private static let most = 5_000

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        guard call.method == "GET" else { throw AdminRefusal.wrongMethod("GET") }
        let catalogue = await book.catalogue
        let name = call.rest(after: 3)
        guard name.isEmpty else { return try one(name, catalogue) }
        try call.checkQuery(["provider", "model", "limit"])
        let limit = try call.limit(Self.most, most: Self.most)
        if let provider = call.query["provider"], !catalogue.providers.contains(provider) {
            throw AdminRefusal.unknown("provider type", provider, among: catalogue.providers)
        }
        let rows = catalogue.rows(provider: call.query["provider"], containing: call.query["model"] ?? "")
        let moment = Moment.now
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for row in rows.prefix(limit) { Self.shown(row, at: moment).write(to: &list) } }
                whole.member("total", rows.count)
            }
        }
    }

    private func one(_ name: String, _ catalogue: PriceCatalogue) throws -> AdminAnswer {
        guard let slash = name.firstIndex(of: "/"),
            let row = catalogue.facts(provider: String(name[..<slash]), model: String(name[name.index(after: slash)...]))
        else { throw AdminRefusal.unknown("model in the catalogue", name, among: catalogue.rows.map(\.name)) }
        return AdminAnswer { Self.shown(row, at: .now).write(to: &$0) }
    }

    /// The row, with its name and the price in force.
    private static func shown(_ row: ModelFacts, at moment: Moment) -> Node {
        let price = row.price(at: moment)?.said.map { Node.Entry($0.name, .plain($0.dollars)) }
        let head = [Node.Entry("name", .text(row.name)), Node.Entry("price", price.map { Node(.map($0)) } ?? .plain("null"))]
        return Node(.map(head + (JSONNode.read(row.row)?.entries ?? [])))
    }
}
