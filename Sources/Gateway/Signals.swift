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

        func holds(at unixMilliseconds: Int64) -> Bool { expires.map { unixMilliseconds < $0 } ?? true }
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

    /// False: there are too many.
    public func set(_ signal: Signal, unixMilliseconds: Int64) -> Bool {
        signals.withLock { signals in
            if signals[signal.name] == nil, signals.count >= Self.most {
                signals = signals.filter { $0.value.holds(at: unixMilliseconds) }
                if signals.count >= Self.most { return false }
            }
            signals[signal.name] = signal
            return true
        }
    }

    /// The signal taken back, if there was one.
    public func remove(_ name: String) -> Signal? { signals.withLock { $0.removeValue(forKey: name) } }

    /// Those that hold, by name.
    public func all(unixMilliseconds: Int64) -> [Signal] {
        signals.withLock { $0.values.filter { $0.holds(at: unixMilliseconds) } }.sorted { $0.name < $1.name }
    }
}
