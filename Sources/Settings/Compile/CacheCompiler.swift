import Routing
import Schema

/// What an answer depends on beside its request, as bytes: under settings that answer alike they are the same, on every gateway.
///
/// Most of the document is in them, so that a change of anything but what is left out here makes kept answers unknown: what
/// guardrails, rules, routes and providers say. Keys, projects and customers stand apart: to make another must not forget the answers
/// of all.
public struct CacheBasis: Sendable {
    public fileprivate(set) var document: [UInt8] = []
    /// By name.
    public fileprivate(set) var keys: [String: [UInt8]] = [:]
    public fileprivate(set) var projects: [String: [UInt8]] = [:]
    public fileprivate(set) var customers: [String: [UInt8]] = [:]

    /// Sections that no answer depends on.
    private static let leftOut: Set = [
        "server", "store", "ledger", "responses", "cache", "admin", "alerts", "secrets_key", "keys", "projects", "customers",
        "prices",
    ]
    /// Of a key, a project or a customer: who it is, what it may spend and until when. All else counts.
    private static let personal: Set<String> = Set(
        ["key", "previous_keys", "prefix", "owner", "paused", "expires", "models", "description", "active", "keep_texts", "cache"]
            + LimitSettings.fields.map(\.name))

    fileprivate init(_ root: Node) {
        document = Self.bytes(of: root, without: Self.leftOut)
        keys = Self.entries(root["keys"])
        projects = Self.entries(root["projects"])
        customers = Self.entries(root["customers"])
    }

    private static func entries(_ section: Node?) -> [String: [UInt8]] {
        Dictionary((section?.entries ?? []).map { ($0.name, bytes(of: $0.node, without: personal)) }) { first, _ in first }
    }

    private static func bytes(of node: Node, without names: Set<String>) -> [UInt8] {
        var out: [UInt8] = []
        if let entries = node.entries {
            // The order of sections is nobody's meaning, and differs between a file and what the API changed.
            for entry in entries.filter({ !names.contains($0.name) }).sorted(by: { $0.name < $1.name }) { write(entry, to: &out) }
        } else {
            write(node, to: &out)
        }
        return out
    }

    private static func write(_ entry: Node.Entry, to out: inout [UInt8]) {
        write(entry.name, "n", to: &out)
        write(entry.node, to: &out)
    }

    /// Each text behind its length: no two documents give the same bytes.
    private static func write(_ node: Node, to out: inout [UInt8]) {
        switch node.content {
        case .scalar(let text, let quoted): write(text, quoted ? "q" : "s", to: &out)
        case .list(let items):
            write("\(items.count)", "l", to: &out)
            for item in items { write(item, to: &out) }
        case .map(let entries):
            write("\(entries.count)", "m", to: &out)
            for entry in entries { write(entry, to: &out) }
        }
    }

    private static func write(_ text: String, _ kind: Unicode.Scalar, to out: inout [UInt8]) {
        out.append(UInt8(ascii: kind))
        withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { out.append(contentsOf: $0) }
        out.append(contentsOf: text.utf8)
    }
}

extension Compiler {
    func addCache(to blueprint: inout Blueprint) {
        blueprint.cache = document.cache
        for model in document.models.entries { blueprint.caching[model.name] = model.value.cache }
        let policies = Array(blueprint.caching.values) + compiledPolicies.compactMap(\.cache) + keys.compactMap(\.cache)
        guard policies.contains(where: \.isOn), document.cache.memory > 0 || document.cache.store > 0 else { return }
        blueprint.cacheBasis = CacheBasis(root)
    }
}
