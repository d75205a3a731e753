import Crypto
import Gateway
import Schema
import Settings
import Storage
import Wire

/// How the last look at each provider ended, kept in the store: for whoever asks later, and whichever gateway.
struct ProviderTests: Sendable {
    let store: any Store

    /// `report`: a JSON object.
    func keep(_ report: [UInt8], of provider: String, settings: Node?, unixMilliseconds: Int64) async throws {
        var writer = JSONWriter()
        writer.object { whole in
            whole.member("at", Timestamp.text(unixMilliseconds: unixMilliseconds))
            whole.member("settings", settings.map(Self.digest) ?? "")
            whole.key("report")
            whole.raw(String(decoding: report, as: UTF8.self))
        }
        let document = StoredDocument(name: provider, value: String(decoding: writer.bytes, as: UTF8.self))
        try await blocking { [store] in try store.change(.providerTest, put: [document], remove: []) }
    }

    /// Of a provider that was changed or taken away.
    func forget(_ provider: String) async throws {
        try await blocking { [store] in try store.change(.providerTest, put: [], remove: [provider]) }
    }

    /// By name, of those that were looked at. `outdated`: their settings are others now.
    func last(_ items: [(name: String, node: Node)]) async throws -> [String: Node] {
        let kept = try await blocking { [store] in try store.documents(.providerTest) }
        let found = Dictionary(kept.map { ($0.name, $0.value) }) { first, _ in first }
        var shown: [String: Node] = [:]
        for item in items {
            guard let whole = found[item.name].flatMap({ JSONNode.read($0) }), let report = whole["report"] else { continue }
            let isOutdated = whole["settings"]?.scalar != Self.digest(item.node)
            let entries = (report.entries ?? []).filter { $0.name != "provider" }
            shown[item.name] = Node(
                .map([Node.Entry("at", whole["at"] ?? .plain("null"))] + entries + [Node.Entry("outdated", .plain("\(isOutdated)"))]))
        }
        return shown
    }

    /// Of what is set, without secrets.
    private static func digest(_ node: Node) -> String {
        let digits = Array("0123456789abcdef")
        let digest = SHA256.hash(data: Array(node.covered().json.utf8))
        return String(digest.prefix(12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
