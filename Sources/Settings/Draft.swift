import Schema

/// A policy tried out before it is everybody's: part of the document like any other, so that it is validated with the whole, but it
/// serves only those who ask for it by name, until it expires.
public enum Draft {
    /// `document` with `policy` as a draft. Its own `expires` and one of the same name give way. Compile the result as any document.
    public static func added(_ policy: Node, named name: String, expires: Moment, to document: Node) -> Node {
        let members = (policy.entries ?? []).filter { $0.name != "expires" } + [Node.Entry("expires", .text(expires.written ?? ""))]
        let draft = policy.entries == nil ? policy : Node(.map(members), line: policy.line)
        return changed(document) { policies in
            policies.removeAll { $0.name == name }
            policies.append(Node.Entry(name, draft))
        }
    }

    /// `document` without the policy of that name.
    public static func removed(_ name: String, from document: Node) -> Node {
        changed(document) { policies in policies.removeAll { $0.name == name } }
    }

    private static func changed(_ document: Node, _ change: (inout [Node.Entry]) -> Void) -> Node {
        var entries = document.entries ?? []
        let at = entries.firstIndex { $0.name == "policies" } ?? entries.count
        if at == entries.count { entries.append(Node.Entry("policies", .map([]))) }
        // What is no map here has a problem of its own, and keeps it.
        guard entries[at].node.entries != nil || entries[at].node.isNull else { return document }
        var policies = entries[at].node.entries ?? []
        change(&policies)
        entries[at].node = Node(.map(policies), line: entries[at].node.line)
        return Node(.map(entries), line: document.line)
    }
}
