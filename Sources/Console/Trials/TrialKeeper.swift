import Gateway
import Logging
import NIOPosix
import Routing
import Schema
import Settings
import Storage
import Wire

/// Writes down what trials come to, decides for shadows, and takes back a canary that is worse. Beside the path of requests.
///
/// Each gateway writes a document of its own; together they are what all gateways on the store have seen, and any of them may find a
/// canary to be worse. Taking it back is a change of settings: it is made once, whoever is first.
public final class TrialKeeper: Sendable {
    static let eventKind = "canary"

    private let server: Server
    private let book: SettingsBook
    private let store: any Store
    private let events: any Store
    private let log: Logger

    public init(_ server: Server, book: SettingsBook, store: any Store, events: any Store, log: Logger) {
        (self.server, self.book, self.store, self.events, self.log) = (server, book, store, events, log)
    }

    /// What a former process of this gateway had counted. Before the first request.
    public func restore() throws(StoreFailure) {
        let own = try store.documents(.trial).first { $0.name == server.gatewayIdentity }
        if let own, let figures = TrialText.read(own.value) { server.trials.restore(figures) }
    }

    /// Until its task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // throws when it is cancelled
            await settle()
        }
        await settle()
    }

    func settle() async {
        let policies = server.policies
        guard policies.contains(where: { $0.canary != nil || $0.shadow != nil }) else { return }
        do {
            try await blocking { [self] in
                server.decideShadows()
                try save(policies)
            }
            for policy in policies {
                guard let canary = policy.canary, canary.stopped == nil, canary.rollsBack else { continue }
                let pair = try await figures().canaries[canary.id] ?? Trials.Figures.Pair()
                guard case .worse(let finding) = canary.gates.verdict(on: pair.candidate, beside: pair.stable) else { continue }
                try await takeBack(policy.name, canary, policies[canary.candidate].name, finding)
            }
        } catch {
            log.error("trials could not be looked at; they are with the next second", metadata: ["problem": "\(error)"])
        }
    }

    private func save(_ policies: [Policy]) throws(StoreFailure) {
        let ids = Set(policies.compactMap(\.canary?.id) + policies.compactMap(\.shadow?.id))
        guard let figures = server.trials.takeChanged(keeping: ids) else { return }
        do throws(StoreFailure) {
            try store.change(.trial, put: [StoredDocument(name: server.gatewayIdentity, value: TrialText.text(figures))], remove: [])
        } catch {
            server.trials.keepChanged()
            throw error
        }
    }

    /// Of all gateways on the store, this one as it is now.
    func figures() async throws -> Trials.Figures {
        let (store, own) = (store, server.gatewayIdentity)
        let documents = try await blocking { try store.documents(.trial) }
        var all = server.trials.figures
        for document in documents where document.name != own {
            if let figures = TrialText.read(document.value) { all += figures }
        }
        return all
    }

    // MARK: Taking back

    private func takeBack(_ policy: String, _ canary: Canary, _ candidate: String, _ finding: CanaryGates.Finding) async throws {
        let why = Self.text(finding)
        let mark = ChangeMark(actor: "canary", role: "gateway", action: "canary.rollback", subject: "policies.\(policy).canary")
        let isMine = Locked(false)
        _ = try await book.change(mark) { document, overlay in
            isMine.withLock { $0 = false }
            // Another gateway was quicker, or an operator has changed his mind.
            guard let node = Overlay.get(["policies", policy, "canary"], in: document), node["stopped"]?.scalar == nil,
                node["policy"]?.scalar == candidate, (node["started"]?.scalar).flatMap({ Moment(written: $0) }) == canary.started
            else { return }
            isMine.withLock { $0 = true }
            overlay.set(["policies", policy, "canary"], to: node.setting("stopped", .text(why)))
        }
        guard isMine.withLock({ $0 }) else { return }
        await tell("rolled_back", policy, candidate, "canary `\(candidate)` of policy `\(policy)` was taken back: \(why)")
    }

    private static func text(_ finding: CanaryGates.Finding) -> String {
        func percent(_ part: Double) -> String {
            guard part.isFinite else { return "something from nothing" }
            let tenths = Int64((part * 1000).rounded())
            return "\(tenths / 10).\(abs(tenths % 10)) %"
        }
        let (worse, allowed) = (percent(finding.worse), percent(finding.allowed))
        switch finding.measure {
        case .errors: return "\(worse) more of its requests fail, \(allowed) are allowed"
        case .latency: return "its answers take longer: \(worse) by logarithms, \(allowed) are allowed"
        case .cost: return "its requests cost \(worse) more, \(allowed) are allowed"
        case .feedback: return "its feedback is \(worse) of the scale lower, \(allowed) are allowed"
        }
    }

    /// An event, a webhook, a line in the log.
    func tell(_ state: String, _ policy: String, _ candidate: String, _ message: String) async {
        let now = WallClock.milliseconds()
        var writer = JSONWriter()
        writer.object { detail in
            detail.member("state", state)
            detail.member("policy", policy)
            detail.member("candidate", candidate)
            detail.member("message", message)
        }
        let event = StoredEvent(unixMilliseconds: now, kind: Self.eventKind, detail: String(decoding: writer.bytes, as: UTF8.self))
        let events = events
        do { try await blocking { try events.append([event], keeping: AdminEvents.mostEvents) } } catch {
            log.error("an event could not be kept", metadata: ["problem": "\(error)"])
        }
        server.webhooks.send(
            WebhookMessage(
                .canary, message, unixMilliseconds: now,
                details: [
                    ("state", .text(state)), ("policy", .text(policy)), ("candidate", .text(candidate)), ("gateway", .text(server.gatewayName)),
                ]))
        let metadata: Logger.Metadata = ["policy": "\(policy)", "candidate": "\(candidate)", "state": "\(state)"]
        if state == "rolled_back" { log.warning("\(message)", metadata: metadata) } else { log.notice("\(message)", metadata: metadata) }
    }
}

/// Figures as a JSON document of the store.
enum TrialText {
    static func text(_ figures: Trials.Figures) -> String {
        func list(_ numbers: [Double]) -> Node { .list(numbers.map { .plain("\($0)") }) }
        let canaries = figures.canaries.sorted { $0.key < $1.key }
            .map { ($0.key, Node.list([list($0.value.stable.numbers), list($0.value.candidate.numbers)])) }
        let shadows = figures.shadows.sorted { $0.key < $1.key }.map { ($0.key, list($0.value.numbers)) }
        return Node.map([("canaries", .map(canaries)), ("shadows", .map(shadows))]).json
    }

    /// Nil: no version of this program wrote it.
    static func read(_ text: String) -> Trials.Figures? {
        guard let root = JSONNode.read(text) else { return nil }
        func numbers(_ node: Node?) -> [Double] { node?.items?.map { $0.scalar.flatMap(Double.init) ?? .nan } ?? [] }
        var figures = Trials.Figures()
        for entry in root["canaries"]?.entries ?? [] {
            guard let sides = entry.node.items, sides.count == 2, let stable = ArmFigures(numbers: numbers(sides[0])),
                let candidate = ArmFigures(numbers: numbers(sides[1]))
            else { continue }
            var pair = Trials.Figures.Pair()
            (pair.stable, pair.candidate) = (stable, candidate)
            figures.canaries[entry.name] = pair
        }
        for entry in root["shadows"]?.entries ?? [] {
            if let shadow = ShadowFigures(numbers: numbers(entry.node)) { figures.shadows[entry.name] = shadow }
        }
        return figures
    }
}
