import Gateway
import Routing
import Schema
import Settings
import Simulation
import Storage

/// `POST /api/v1/replay`: what a proposed policy would have made of logged requests.
struct ReplayDesk: Sendable {
    let book: SettingsBook
    let ledger: any Store

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "policy", help: "The policy, as settings have it; or `settings`.", schema: "object"),
        .init(name: "settings", help: "All settings, in place of a policy.", schema: "object"),
        .init(name: "name", help: "The policy whose place it takes; `default` without it."),
        .init(name: "from", help: "RFC 3339, a day, or milliseconds since 1970; a day ago without it."),
        .init(name: "to", help: "The same; now without it."), .init(name: "key", help: "Only requests of this key."),
        .init(name: "model", help: "Only requests for this model."),
        .init(name: "limit", help: "The newest so many: 1 to 20000; 5000 without it.", schema: "integer"),
        .init(name: "seed", help: "Names the chance of the replay.", schema: "integer"),
        .init(name: "differences", help: "How many are told one by one: 0 to 1000; 20 without it.", schema: "integer"),
        .init(name: "gates", help: "Limits as parts of one: max_cost_increase, max_latency_increase, max_refusals, …", schema: "object"),
    ]
    private static let mostRows = 20_000

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(Self.parameters.map(\.name))
        let replay = try plan(body)
        let gates = try body["gates"].map { try Self.gates($0) } ?? ReplayGates()
        let document = await book.document
        let proposed = try await book.compiled(try Self.proposal(body, document))
        let current = try await book.compiled(document)
        let ledger = ledger
        let report: ReplayReport
        do { report = try await blocking { try replay.run(proposed, current: current, ledger: ledger) } } catch let unknown as PolicyReplay.Unknown {
            throw AdminRefusal(400, "invalid_value", "\(unknown)")
        }
        let text = report.json(gates.breaches(in: report)) { RequestID(rawValue: Int64(bitPattern: $0))?.description ?? "" }.text()
        return AdminAnswer { $0.raw(text) }
    }

    private static func proposal(_ body: Node, _ document: Node) throws -> Node {
        switch (body["policy"], body["settings"]) {
        case (let policy?, nil):
            guard policy.entries != nil else { throw AdminRefusal(400, "invalid_value", "`policy` must be a policy as settings have it") }
            return ReplayProposal.document(document, with: policy, named: body["name"]?.scalar ?? "default")
        case (nil, let settings?):
            guard settings.entries != nil else { throw AdminRefusal(400, "invalid_value", "`settings` must be settings as a file has them") }
            return settings
        case (nil, nil): throw AdminRefusal(400, "invalid_value", "say what to replay: `policy` or `settings`")
        default: throw AdminRefusal(400, "invalid_value", "say either `policy` or `settings`")
        }
    }

    private func plan(_ body: Node) throws -> PolicyReplay {
        func number(_ name: String, _ usual: Int, _ range: ClosedRange<Int>) throws -> Int {
            guard let text = body[name]?.scalar else { return usual }
            guard let number = Int(text), range ~= number else {
                throw AdminRefusal(400, "invalid_value", "`\(name)` must be \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        var times = AdminCall("POST", "/")
        for name in ["from", "to"] { times.query[name] = body[name]?.scalar }
        let now = WallClock.milliseconds()
        let from = try times.moment("from") ?? now - 86_400_000
        let to = try times.moment("to", roundedUp: true) ?? now + 1
        guard from < to else { throw AdminRefusal(400, "invalid_value", "`from` must be before `to`") }
        var replay = PolicyReplay(from: from, to: to, limit: try number("limit", 5_000, 1...Self.mostRows))
        replay.seed = UInt64(try number("seed", 1, 0 ... .max))
        replay.differences = try number("differences", 20, 0...1_000)
        replay.key = body["key"]?.scalar
        replay.model = body["model"]?.scalar
        return replay
    }

    private static func gates(_ node: Node) throws -> ReplayGates {
        var gates = ReplayGates()
        let known: [(String, WritableKeyPath<ReplayGates, Double?>)] = [
            ("max_cost_increase", \.costIncrease), ("max_latency_increase", \.latencyIncrease), ("max_refusals", \.refusals),
            ("max_failures", \.failures), ("max_changed", \.changed),
        ]
        for entry in node.entries ?? [] {
            if entry.name == "strict" {
                gates.isStrict = entry.node.scalar == "true"
            } else if let member = known.first(where: { $0.0 == entry.name })?.1 {
                guard let value = entry.node.scalar.flatMap(Double.init), value.isFinite else {
                    throw AdminRefusal(400, "invalid_value", "`gates.\(entry.name)` must be a number such as 0.1")
                }
                gates[keyPath: member] = value
            } else {
                let help = Spelling.help(for: entry.name, among: known.map(\.0) + ["strict"])
                throw AdminRefusal(400, "unknown_field", "unknown field `gates.\(entry.name.prefix(100))`\(help)")
            }
        }
        return gates
    }
}
