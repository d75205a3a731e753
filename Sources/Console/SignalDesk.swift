import Gateway
import Routing
import Schema
import Settings
import Storage
import Synchronization
import Wire

/// `POST|GET /api/v1/signals`, `GET|PATCH|DELETE /api/v1/signals/{name}`: signals for conditions, kept across restarts until they end, and
/// the same at all gateways of a store.
final class SignalDesk: Sendable {
    private let signals: Signals
    private let store: any Store
    /// Whose audit log notes what was set.
    private let book: SettingsBook
    /// To the other gateways.
    private let bell: any Bell
    private let tags = EntityTags()
    /// Held from reading the store to what is made of it, so that nobody takes up what is older than what there is.
    private let turn = Mutex(())

    static let longestName = 100
    static let longestText = 1_000

    init(signals: Signals, store: any Store, book: SettingsBook, bell: any Bell) {
        (self.signals, self.store, self.book, self.bell) = (signals, store, book, bell)
    }

    /// Takes up the signals of a former process, and of other gateways. Waits for the store.
    func takeUp() throws(StoreFailure) {
        try turn.withLock { _ throws(StoreFailure) in _ = try read(at: WallClock.milliseconds()) }
    }

    /// - Returns: The names of those whose time is over.
    private func read(at now: Int64) throws(StoreFailure) -> [String] {
        var (held, ended): ([Signals.Signal], [String]) = ([], [])
        for document in try store.documents(.signal) {
            guard let node = JSONNode.read(document.value), let value = Self.value(node["value"]) else { continue }
            let signal = Signals.Signal(name: document.name, value: value, expires: node["expires"]?.scalar.flatMap { Int64($0) })
            if signal.holds(at: now) { held.append(signal) } else { ended.append(signal.name) }
        }
        signals.replace(with: held)
        return ended
    }

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let name = call.rest(after: 3)
        switch (call.method, name.isEmpty) {
        case ("GET", true): return list()
        case ("POST", true): return try await set(call)
        case ("GET", false): return try answer(known(name))
        case ("PATCH", false): return try await patch(call, name)
        case ("DELETE", false): return try await remove(call, name)
        case (_, true): throw AdminRefusal.wrongMethod("GET, POST")
        case (_, false): throw AdminRefusal.wrongMethod("GET, PATCH, DELETE")
        }
    }

    private var held: [Signals.Signal] { signals.all(unixMilliseconds: WallClock.milliseconds()) }

    private func known(_ name: String) throws -> Signals.Signal {
        let held = held
        guard let signal = held.first(where: { $0.name == name }) else { throw AdminRefusal.unknown("signal", name, among: held.map(\.name)) }
        return signal
    }

    private func list() -> AdminAnswer {
        let held = held
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for signal in held { Self.write(signal, &list) } }
            }
        }
    }

    private func answer(_ signal: Signals.Signal, status: Int = 200) -> AdminAnswer {
        var answer = AdminAnswer(status: status) { Self.write(signal, &$0) }
        answer.etag = tags.tag(Self.stored(signal))
        return answer
    }

    // MARK: Changing

    private func set(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(["name", "value", "expires_in"])
        let signal = try Self.signal(body, now: WallClock.milliseconds())
        return answer(try await put(call.mark("signals.set", signal.name)) { signal }, status: 201)
    }

    /// What is not said stays; `expires_in: null` takes the end away.
    private func patch(_ call: AdminCall, _ name: String) async throws -> AdminAnswer {
        let body = try call.object(["name", "value", "expires_in"])
        if let new = body["name"]?.scalar, new != name {
            throw AdminRefusal(400, "invalid_value", "a signal keeps its name: set another and delete this one")
        }
        let signal = try await put(call.mark("signals.change", name)) {
            var signal = try self.known(name)
            try self.tags.check(call, Self.stored(signal))
            if let value = body["value"] { signal.value = try Self.checked(value) }
            if let lifetime = body["expires_in"] { signal.expires = try Self.end(lifetime, now: WallClock.milliseconds()) }
            return signal
        }
        return answer(signal)
    }

    /// - Parameter make: The signal as it is to be, asked once those of all gateways are known.
    private func put(_ mark: ChangeMark, _ make: @escaping @Sendable () throws -> Signals.Signal) async throws -> Signals.Signal {
        let (before, signal) = try await blocking {
            try self.turn.withLock { _ in
                let ended = try self.read(at: WallClock.milliseconds())
                let signal = try make()
                let held = self.held
                let before = held.first { $0.name == signal.name }
                guard before != nil || held.count < Signals.most else {
                    throw AdminRefusal(409, "too_many", "there are \(Signals.most) signals already: delete some")
                }
                let document = StoredDocument(name: signal.name, value: Self.stored(signal))
                try self.store.change(.signal, put: [document], remove: ended.filter { $0 != signal.name })
                self.signals.replace(with: held.filter { $0.name != signal.name } + [signal])
                return (before, signal)
            }
        }
        bell.ring(.signals)
        try await book.note(mark, before: before.map(Self.stored) ?? "", after: Self.stored(signal))
        return signal
    }

    private func remove(_ call: AdminCall, _ name: String) async throws -> AdminAnswer {
        let before = try await blocking {
            try self.turn.withLock { _ in
                let ended = try self.read(at: WallClock.milliseconds())
                let before = Self.stored(try self.known(name))
                try self.tags.check(call, before)
                try self.store.change(.signal, put: [], remove: ended + [name])
                self.signals.replace(with: self.held.filter { $0.name != name })
                return before
            }
        }
        bell.ring(.signals)
        try await book.note(call.mark("signals.delete", name), before: before)
        return .nothing
    }

    // MARK: Form

    static func signal(_ body: Node, now: Int64) throws -> Signals.Signal {
        guard let name = body["name"]?.scalar, 1...longestName ~= name.utf8.count else {
            throw AdminRefusal(400, "invalid_value", "`name` must be 1 to \(longestName) bytes")
        }
        let value = try checked(body["value"])
        return Signals.Signal(name: name, value: value, expires: try body["expires_in"].flatMap { try end($0, now: now) })
    }

    private static func end(_ node: Node, now: Int64) throws -> Int64? { node.isNull ? nil : now + (try Lifetime.read(node, "expires_in")) }

    private static func checked(_ node: Node?) throws -> Value {
        if let value = value(node) { return value }
        throw AdminRefusal(400, "invalid_value", "`value` must be a number, a flag, or a text of at most \(longestText) bytes")
    }

    private static func value(_ node: Node?) -> Value? {
        guard let node, case .scalar(let text, let quoted) = node.content, !node.isNull, text.utf8.count <= longestText else { return nil }
        if quoted { return .text(text) }
        if text == "true" || text == "false" { return .flag(text == "true") }
        return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
    }

    /// As the store has it.
    private static func stored(_ signal: Signals.Signal) -> String {
        var writer = JSONWriter()
        write(signal, stored: true, &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func write(_ signal: Signals.Signal, stored: Bool = false, _ writer: inout JSONWriter) {
        writer.object { line in
            line.member("name", signal.name)
            line.key("value")
            switch signal.value {
            case .flag(let flag): line.bool(flag)
            case .number(let number): line.raw(Int64(exactly: number).map { "\($0)" } ?? "\(number)")
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
