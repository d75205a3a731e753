import Settings
import Storage
import Wire

/// Something that an operator is told by webhook, wherever he is.
public struct WebhookMessage: Sendable {
    public enum Value: Hashable, Sendable {
        case text(String)
        case number(Int64)
        case real(Double)
    }

    public var event: AlertEvent
    public var unixMilliseconds: Int64
    /// A sentence for people. Never a secret.
    public var message: String
    /// For programs: what it is about, in the order given.
    public var details: [(name: String, value: Value)]

    public init(_ event: AlertEvent, _ message: String, unixMilliseconds: Int64, details: [(name: String, value: Value)] = []) {
        self.event = event
        self.message = message
        self.unixMilliseconds = unixMilliseconds
        self.details = details
    }

    /// What a webhook is sent to see whether it takes what it is sent.
    static func test(id: String, gateway: String, unixMilliseconds: Int64) -> [UInt8] {
        let message = "this is a test: the webhook of the gateway `\(gateway)` works"
        var writer = JSONWriter()
        writer.object { whole in
            whole.member("id", id)
            whole.member("event", "test")
            whole.member("time", Timestamp.text(unixMilliseconds: unixMilliseconds))
            whole.member("message", message)
            whole.member("text", message)
            whole.member("gateway", gateway)
        }
        return writer.bytes
    }

    /// As it is posted. `id` is the same for every time it is sent, so that receivers can tell repetitions.
    func body(id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { whole in
            whole.member("id", id)
            whole.member("event", event.rawValue)
            whole.member("time", Timestamp.text(unixMilliseconds: unixMilliseconds))
            whole.member("message", message)
            // What chat programs show of a message.
            whole.member("text", message)
            for detail in details {
                whole.key(detail.name)
                switch detail.value {
                case .text(let text): whole.string(text)
                case .number(let number): whole.number(number)
                case .real(let number): whole.raw("\(number.isFinite ? number : 0)")
                }
            }
        }
        return writer.bytes
    }
}
