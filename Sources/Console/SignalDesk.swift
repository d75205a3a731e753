import Gateway
import Routing
import Schema
import Settings
import Storage
import Wire

/// `POST|GET /api/v1/signals`, `DELETE /api/v1/signals/{name}`: signals for conditions, kept across restarts until they end.
struct SignalDesk: Sendable {
    let signals: Signals
    let store: any Store
    /// Whose audit log notes what was set.
    let book: SettingsBook

    static let longestName = 100
    static let longestText = 1_000

    /// Takes up the signals of a former process.
    func restore() throws(StoreFailure) {
        let now = WallClock.milliseconds()
        for document in try store.documents(.signal) {
            guard let node = JSONNode.read(document.value), let value = Self.value(node["value"]) else { continue }
            let expires = node["expires"]?.scalar.flatMap { Int64($0) }
            if expires.map({ $0 > now }) ?? true {
                _ = signals.set(Signals.Signal(name: document.name, value: value, expires: expires), unixMilliseconds: now)
            }
        }
    }

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let name = call.rest(after: 3)
        switch (call.method, name.isEmpty) {
        case ("GET", true): return list()
        case ("POST", true): return try await set(call)
        case ("GET", false): return try get(name)
        case ("DELETE", false): return try await remove(call, name)
        case (_, true): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, false): throw AdminRefusal.wrongMethod("GET, DELETE")
        }
    }

    private var held: [Signals.Signal] { signals.all(unixMilliseconds: WallClock.milliseconds()) }

    private func list() -> AdminAnswer {
        let held = held
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for signal in held { Self.write(signal, &list) } }
            }
        }
    }

    private func get(_ name: String) throws -> AdminAnswer {
        let held = held
        guard let signal = held.first(where: { $0.name == name }) else { throw AdminRefusal.unknown("signal", name, among: held.map(\.name)) }
        return AdminAnswer { Self.write(signal, &$0) }
    }

    private func set(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(["name", "value", "expires_in"])
        let signal = try Self.signal(body, now: WallClock.milliseconds())
        guard signals.set(signal, unixMilliseconds: WallClock.milliseconds()) else {
            throw AdminRefusal(409, "too_many", "there are \(Signals.most) signals already: delete some")
        }
        var writer = JSONWriter()
        Self.write(signal, stored: true, &writer)
        let document = StoredDocument(name: signal.name, value: String(decoding: writer.bytes, as: UTF8.self))
        try await blocking { try store.change(.signal, put: [document], remove: []) }
        try await book.note(call.mark("signals.set", signal.name), after: document.value)
        return AdminAnswer(status: 201) { Self.write(signal, &$0) }
    }

    private func remove(_ call: AdminCall, _ name: String) async throws -> AdminAnswer {
        guard signals.remove(name) != nil else { throw AdminRefusal.unknown("signal", name, among: held.map(\.name)) }
        try await blocking { try store.change(.signal, put: [], remove: [name]) }
        try await book.note(call.mark("signals.delete", name))
        return .nothing
    }

    // MARK: Form

    static func signal(_ body: Node, now: Int64) throws -> Signals.Signal {
        guard let name = body["name"]?.scalar, 1...longestName ~= name.utf8.count else {
            throw AdminRefusal(400, "invalid_value", "`name` must be 1 to \(longestName) bytes")
        }
        guard let value = value(body["value"]) else {
            throw AdminRefusal(400, "invalid_value", "`value` must be a number, a flag, or a text of at most \(longestText) bytes")
        }
        var expires: Int64?
        if let node = body["expires_in"], !node.isNull { expires = now + (try Lifetime.read(node, "expires_in")) }
        return Signals.Signal(name: name, value: value, expires: expires)
    }

    private static func value(_ node: Node?) -> Value? {
        guard let node, case .scalar(let text, let quoted) = node.content, !node.isNull, text.utf8.count <= longestText else { return nil }
        if quoted { return .text(text) }
        if text == "true" || text == "false" { return .flag(text == "true") }
        return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
    }

    private static func write(_ signal: Signals.Signal, stored: Bool = false, _ writer: inout JSONWriter) {
        writer.object { line in
            line.member("name", signal.name)
            line.key("value")
            switch signal.value {
            case .flag(let flag): line.bool(flag)
            case .number(let number): line.raw("\(number)")
            case .text(let text): line.string(text)
            case .missing, .list: line.null()
            }
            line.key("expires")
            switch signal.expires {
            case let expires? where stored: line.number(expires)
            case let expires?: line.string(Timestamp.text(unixMilliseconds: expires))
            case nil: line.null()
            }
        }
    }
}

/// How long something holds, in milliseconds: seconds as a number, or a text such as `90s`, `15m`, `2h`, `7d`.
enum Lifetime {
    private static let units: [(suffix: String, milliseconds: Double)] = [("ms", 1), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7)]

    static func read(_ node: Node, _ field: String) throws -> Int64 {
        let text = node.scalar ?? ""
        var milliseconds = Double(text).map { $0 * 1e3 }
        for unit in units where milliseconds == nil && text.hasSuffix(unit.suffix) {
            milliseconds = Double(text.dropLast(unit.suffix.count)).map { $0 * unit.milliseconds }
        }
        guard let milliseconds, 1...3.2e11 ~= milliseconds else {
            throw AdminRefusal(400, "invalid_value", "`\(field)` must be a time such as 3600 (seconds) or \"1h\", at most ten years")
        }
        return Int64(milliseconds)
    }
}
