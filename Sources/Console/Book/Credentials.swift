import Schema

/// Credentials stay with the host they were given for.
enum Credentials {
    /// Throws where a provider of both documents is at another host in the new one, and a credential went along unsaid.
    static func check(_ old: Node, _ new: Node, mayRefer: Bool, _ sealing: Sealing?) throws {
        for entry in new["providers"]?.entries ?? [] {
            let before = Overlay.get(["providers", entry.name], in: old)
            try checkReferences(entry, before, mayRefer)
            guard let before, host(before) != host(entry.node) else { continue }
            for (path, text) in secrets(entry.node, []) where Overlay.get(path, in: before)?.scalar == text {
                // One that was saved for the new host has come back with it.
                if let sealing, sealing.opens(text, at: ["providers", entry.name] + path, in: new) { continue }
                if mayRefer, text.hasPrefix("env:") || text.hasPrefix("file:") { continue }
                throw AdminRefusal(
                    422, "credential_bound",
                    "providers.\(entry.name).\(path.joined(separator: ".")) was given for another host: give it anew together with the new address")
            }
        }
    }

    /// What the gateway's environment and files hold is not for everybody to send somewhere.
    private static func checkReferences(_ entry: Node.Entry, _ before: Node?, _ mayRefer: Bool) throws {
        guard !mayRefer else { return }
        for (path, text) in secrets(entry.node, []) where text.hasPrefix("env:") || text.hasPrefix("file:") {
            guard before.flatMap({ Overlay.get(path, in: $0) })?.scalar != text else { continue }
            throw AdminRefusal(
                403, "reference_not_allowed",
                "providers.\(entry.name).\(path.joined(separator: ".")): only an admin may name variables and files; give the credential itself")
        }
    }

    private static func host(_ provider: Node) -> String { "\(provider["type"]?.scalar ?? "")@\(Sealing.address(provider["base_url"]?.scalar))" }

    private static func secrets(_ node: Node, _ path: [String]) -> [(path: [String], text: String)] {
        switch node.content {
        case .map(let entries): return entries.flatMap { secrets($0.node, path + [$0.name]) }
        case .list: return []
        case .scalar(let text, _):
            return Node.holdsSecret(["providers", ""] + path) && !node.isNull ? [(path, text)] : []
        }
    }
}
