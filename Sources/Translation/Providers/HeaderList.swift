import Schema

/// Headers that are added to requests. Their values are as secret as credentials, and often are some.
public struct HeaderList: Sendable, SettingValue {
    /// Names in lower case.
    public var entries: [(name: String, value: Secret)] = []

    public init() {}

    public static let shape = Shape.names(of: Secret.shape)
    public var written: String? { entries.isEmpty ? "{}" : nil }

    /// What describes the body or the connection is the gateway's.
    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "accept-encoding", "transfer-encoding", "connection", "keep-alive", "upgrade", "te",
        "trailer", "expect", "proxy-connection", "user-agent",
    ]

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> HeaderList? {
        if node.isNull { return HeaderList() }
        guard let entries = reading.entries(of: node, at: path, expected: "header names and their values") else { return nil }
        var list = HeaderList()
        for entry in entries {
            let name = entry.name.lowercased()
            let place = path.setting(entry.name)
            if reserved.contains(name) {
                reading.problem(place, entry.line, "the header `\(name)` is set by the gateway itself")
            } else if !isToken(name) {
                reading.problem(place, entry.line, "is no header name")
            } else if let value = Secret.read(entry.node, at: place, &reading) {
                if isValue(value.reveal()) {
                    list.entries.append((name, value))
                } else {
                    reading.problem(place, entry.line, badValue)
                }
            }
        }
        return list
    }

    /// RFC 9110, 5.6.2.
    public static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    public static let badValue = "the value has characters that a header must not have"

    public static func isValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 9 } }
}

/// Text that goes into a header as it is.
public struct HeaderText: Hashable, SettingValue {
    public var text: String

    public init(_ text: String) { self.text = text }

    public static let shape = Shape.text("text", pattern: #"^[^\r\n]*$"#)
    public var written: String? { text }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> HeaderText? {
        guard let text = String.read(node, at: path, &reading) else { return nil }
        if HeaderList.isValue(text) { return HeaderText(text) }
        reading.problem(path, node.line, HeaderList.badValue)
        return nil
    }
}
