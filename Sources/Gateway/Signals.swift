import Routing
import Storage

/// Custom signals: what operators and monitors say of the world, for conditions on `signal.<name>`. Each may have an end.
public final class Signals: Sendable {
    public struct Signal: Hashable, Sendable {
        public var name: String
        public var value: Value
        /// Milliseconds since 1970; nil: until it is taken back.
        public var expires: Int64?

        public init(name: String, value: Value, expires: Int64? = nil) {
            self.name = name
            self.value = value
            self.expires = expires
        }

        public func holds(at unixMilliseconds: Int64) -> Bool { expires.map { unixMilliseconds < $0 } ?? true }
    }

    /// More are refused.
    public static let most = 1_000

    private let signals = Locked([String: Signal]())

    public init() {}

    /// Missing where nobody set it, or its time is over.
    public func value(of name: String, unixMilliseconds: Int64) -> Value {
        guard let signal = signals.withLock({ $0[name] }), signal.holds(at: unixMilliseconds) else { return .missing }
        return signal.value
    }

    /// All of them, as a store that gateways share has them.
    public func replace(with all: [Signal]) {
        let all = Dictionary(all.map { ($0.name, $0) }) { $1 }
        signals.withLock { $0 = all }
    }

    /// Those that hold, by name.
    public func all(unixMilliseconds: Int64) -> [Signal] {
        signals.withLock { $0.values.filter { $0.holds(at: unixMilliseconds) } }.sorted { $0.name < $1.name }
    }
}
