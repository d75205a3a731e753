import Gateway
import Schema
import Settings

/// A request to the admin API, whole.
struct AdminCall: Sendable {
    var method: String
    /// The path's segments, percent-decoded each.
    var path: [String]
    var query: [String: String] = [:]
    var ifMatch: String?
    var body: [UInt8] = []
    /// What the caller wants the answer in.
    var accept: String?
    var ifNoneMatch: String?
    /// `accept-encoding`, as it was sent.
    var encodings: String?
    /// What the console's cookie says, and what its scripts send along.
    var session: String?
    var proof: String?
    /// The client's way here is encrypted, by what a proxy in front says.
    var isSecure = false
    /// The site whose page asks, where that is not this listener.
    var stranger: String?
    /// The same by its origin alone, whatever name this listener is called by.
    var foreignOrigin: String?
    /// Where the caller's connection comes from, or by what a proxy on this machine says.
    var address = ""
    var caller = AdminIdentity.local
    var requestID = ""

    init(_ method: String, _ target: String, body: [UInt8] = []) {
        self.method = method
        self.body = body
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = halves.first.map { $0.split(separator: "/").map { Self.decoded($0) } } ?? []
        guard halves.count == 2 else { return }
        for pair in halves[1].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[Self.decoded(parts[0], plus: true)] = parts.count == 2 ? Self.decoded(parts[1], plus: true) : ""
        }
    }

    /// Asked for by its name; a weight of nothing (`gzip;q=0`) is a no. RFC 9110, 12.5.3.
    var takesGzip: Bool {
        (encodings ?? "").lowercased().split(separator: ",").contains { coding in
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first, name == "gzip" || name == "x-gzip" else { return false }
            return !parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
        }
    }

    /// It looks and changes nothing.
    var isSafe: Bool { method == "GET" || method == "HEAD" }

    /// What stands behind `count` segments, as one name: names may contain slashes, and clients may or may not encode them.
    func rest(after count: Int) -> String { path.dropFirst(count).joined(separator: "/") }

    /// The body, which must be a JSON object with members among `known` only.
    func object(_ known: [String]? = nil) throws -> Node {
        guard let node = body.withUnsafeBytes({ JSONNode.read($0) }), let entries = node.entries else {
            throw AdminRefusal(400, "invalid_json", "the body must be a JSON object")
        }
        var seen: Set<String> = []
        for entry in entries {
            guard seen.insert(entry.name).inserted else {
                throw AdminRefusal(400, "invalid_value", "`\(entry.name.prefix(100))` stands twice in the body")
            }
            guard let known, !known.contains(entry.name) else { continue }
            throw AdminRefusal(400, "unknown_field", "unknown field `\(entry.name.prefix(100))`\(Spelling.help(for: entry.name, among: known))")
        }
        return node
    }

    func limit(_ usual: Int, most: Int) throws -> Int {
        guard let text = query["limit"] else { return usual }
        guard let limit = Int(text), 1...most ~= limit else { throw AdminRefusal(400, "invalid_value", "`limit` must be 1 to \(most)") }
        return limit
    }

    /// No parameters but these.
    func checkQuery(_ known: [String]) throws {
        for name in query.keys.sorted() where !known.contains(name) {
            throw AdminRefusal(400, "unknown_field", "unknown parameter `\(name.prefix(100))`\(Spelling.help(for: name, among: known))")
        }
    }

    private static func decoded(_ text: Substring, plus: Bool = false) -> String {
        var plain: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%"), bytes.count >= 2, let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16) {
                plain.append(value)
                bytes = bytes.dropFirst(2)
            } else {
                plain.append(plus && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
