import Routing
import Schema

/// A rule as it is written, in any form that `RuleReader` knows. It is read once for its own problems, and again when all names are
/// known.
public struct RuleSettings: SettingValue {
    public var node: Node

    public static var shape: Shape { OwnRule.shape }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> RuleSettings? {
        _ = RuleReader.read(node, at: path, &reading)
        return RuleSettings(node: node)
    }
}

/// Our own form; `use` is Merge's name for where a rule leads.
struct OwnRule: Configurable {
    var name = ""
    var priority = 0
    var enabled = true
    var when: Condition?
    var after: FaultList?
    var then: OwnActions?
    var use: Target?

    static let fields: [Field<Self>] = [
        .setting("name", \.name, "Its name in decision records.").required,
        .setting("priority", \.priority, "The highest is asked first; among equals the one written first."),
        .setting("enabled", \.enabled, "Whether it is asked."),
        .setting("when", \.when, "The condition; see the page of fields."),
        .setting("after", \.after, "Faults of an attempt after which it is asked, instead of before the first."),
        .setting("then", \.then, "What it does."),
        .setting("use", \.use, "Merge's form of `then`: { policy }, { route } or { model }."),
    ]

    struct Target: Configurable {
        var policy: String?
        var route: Node?
        var model: String?

        static let fields: [Field<Self>] = [
            .setting("policy", \.policy, "The policy whose route serves the request."),
            .setting("route", \.route, "A name or a tree that serves it."),
            .setting("model", \.model, "The model that serves it."),
        ]
    }
}

struct OwnActions: Configurable {
    var route: Node?
    var mode: ModeName?
    var provider: String?
    var model: String?
    var params: Node?
    var addTags: [String] = []
    var warn: String?
    var deny: String?

    static let fields: [Field<Self>] = [
        .setting("route", \.route, "A name or a tree that serves the request."),
        .setting("mode", \.mode, "Chooses among all deployments of its route by this mode's weights."),
        .setting("provider", \.provider, "The provider that serves the request."),
        .setting("model", \.model, "The model that serves the request: a group, PROVIDER/MODEL, or with `provider` its name there."),
        .setting("params", \.params, "Members that override those of the request."),
        .setting("add_tags", \.addTags, "Tags added to the request."),
        .setting("warn", \.warn, "A warning that goes with the answer."),
        .setting("deny", \.deny, "Refuses the request with this text."),
    ]
}

/// A rule that has been read, before its names are looked up.
struct WrittenRule {
    var rule = Rule(name: "", then: RuleActions())
    /// A name or a tree.
    var route: Node?
    var model: String?
    /// The policy whose route serves.
    var policy: String?
    /// Leads to the fallback chain of its policy.
    var usesChain = false
    var params: Node?
    var path = ""
    var line = 0
    /// Where its parts stand, by their names.
    var lines: [String: Int] = [:]
    /// Where its actions stand, below `path`.
    var actions = "then"
}
