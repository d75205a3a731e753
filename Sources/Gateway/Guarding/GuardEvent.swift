import Guarding
import Routing
import Storage

/// Something that a guardrail, a rule of the firewall or another guard of the gateway found in one request: findings of one kind and
/// name that came to the same count as one.
public struct GuardEvent: Sendable {
    /// What was asked. TokenVue's categories of breaches.
    public enum Trigger: String, CaseIterable, Sendable {
        case personalData = "pii"
        case injection, toxicity, keywords, firewall
        case budgetCap = "budget_cap"
        case keyStatus = "key_status"
        case gateway

        public init(_ kind: GuardPolicy.Kind) {
            switch kind {
            case .personalData: self = .personalData
            case .injection: self = .injection
            case .toxicity: self = .toxicity
            case .keywords: self = .keywords
            case .firewall: self = .firewall
            }
        }
    }

    public enum Direction: String, Sendable { case prompt, reply }
    public enum Severity: String, Sendable { case medium, high, critical }

    public var trigger: Trigger
    /// The rule's name, the keyword, the kind of personal data.
    public var name: String
    public var action: GuardPolicy.Action
    /// Nothing came of it.
    public var isShadow: Bool
    public var direction: Direction
    /// `system`, `user`, `assistant`, `tool`, `reply`.
    public var role: String
    /// In parts of a thousand; the highest of them.
    public var score: Int
    public var count: Int
    /// The first of them, its middle hidden.
    public var evidence: String
    public var key: String
    /// Of the key.
    public var owner: String
    public var project: String?
    /// The endpoint's word: `chat_completions`.
    public var api: String
    /// As it was asked for; of a pass-through endpoint its path.
    public var model: String
    /// Who was asked; empty: nobody.
    public var provider: String
    public var request: RequestID
    public var unixMilliseconds: Int64

    /// What was stopped is graver than what was told, and what opens doors or gives orders graver than the rest.
    public var severity: Severity {
        guard action == .block, !isShadow else { return action == .mask && !isShadow && name == PersonalData.Kind.secret.name ? .high : .medium }
        return trigger == .injection || name == PersonalData.Kind.secret.name ? .critical : .high
    }
}

/// Events on their way to whoever takes note of them. When `most` wait, further ones are dropped and counted: no answer waits.
public final class GuardEvents: Sendable {
    public static let most = 16_384

    public typealias Sink = @Sendable ([GuardEvent]) -> Void

    private struct State {
        var waiting: [GuardEvent] = []
        var sink: Sink?
        var isGiving = false
        var dropped = 0
    }

    private let state = Locked(State())
    private let run: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// - Parameter run: Runs what may block, one after the other.
    init(run: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) { self.run = run }

    public var dropped: Int { state.withLock { $0.dropped } }

    /// From now on `sink` gets them, in the order in which they came and never two batches at once, on a thread where it may block.
    /// Without one nobody wants them.
    public func give(to sink: @escaping Sink) { state.withLock { $0.sink = sink } }

    func offer(_ events: [GuardEvent]) {
        guard !events.isEmpty else { return }
        let begins = state.withLock { state in
            guard state.sink != nil else { return false }
            let room = Self.most - state.waiting.count
            state.waiting += events.prefix(room)
            state.dropped += max(0, events.count - room)
            defer { state.isGiving = true }
            return !state.isGiving
        }
        if begins { run { self.give() } }
    }

    private func give() {
        while true {
            let (events, sink) = state.withLock { state in
                let events = state.waiting
                state.waiting = []
                if events.isEmpty { state.isGiving = false }
                return (events, state.sink)
            }
            if events.isEmpty { return }
            sink?(events)
        }
    }
}
