import Routing
import Schema
import Translation

/// A virtual key: what an application presents, and what it may do.
public struct KeySettings: Configurable {
    public var key = Secret("")
    public var models: [String]?
    public var paused = false
    public var project: String?
    public var policy: String?
    public var owner: String?
    public var customer: String?
    public var providers: [String]?
    public var limits = LimitSettings()
    public var budgetMode = BudgetMode.currency
    public var previousKeys: [PreviousKey] = []
    public var prefix: String?
    public var guardrails = GuardrailSettings()
    public var region: String?
    public var regions: [String] = []
    public var deniedRegions: [String] = []
    public var kinds: [ProviderKind] = []
    public var zeroDataRetention = false
    public var tags: [String] = []
    public var overrides = OverrideList()
    public var expires: Moment?
    public var cache: CachePolicy?

    public init() {}

    public static let fields: [Field<Self>] =
        [
            .setting("key", \.key, "The key itself, normally env:NAME or file:PATH.").required,
            .setting("models", \.models, "Names it may send; without it all."),
            .setting("paused", \.paused, "Whether it is refused for the time being, with 403 and `key_paused`."),
            .setting("project", \.project, "The project it belongs to: whose policy and tags it has, and whose budget it shares."),
            .setting("policy", \.policy, "Which policy decides for it; without it the project's, else `default`."),
            .setting("owner", \.owner, "Who answers for it: a person or a team, for people to read."),
            .setting("customer", \.customer, "The customer it was made for: whose budget it shares. Without it a request may name one."),
            .setting("providers", \.providers, "Providers that may serve it; without it all."),
            .setting(
                "budget_mode", \.budgetMode,
                "What bounds it: `currency` money, `free` nothing that is paid for, `token_limit` tokens and requests in place of money."),
            .setting("region", \.region, "Where its callers are, unless a request says."),
            .setting("regions", \.regions, "Where deployments that serve it may be; empty: anywhere."),
            .setting("denied_regions", \.deniedRegions, "Where they may not be."),
            .setting("kinds", \.kinds, "Kinds of deployments that may serve it, such as `self_hosted`; empty: all."),
            .setting("zero_data_retention", \.zeroDataRetention, "Only deployments that keep nothing of what they are sent may serve it."),
            .setting("tags", \.tags, "Tags that all its requests carry; a request can add to them, not drop them."),
            .setting("overrides", \.overrides, "What its requests may decide for themselves; `all`, `none`, or a list."),
            .setting("expires", \.expires, "From when on it is refused, with 403 and `key_expired`."),
            .setting("cache", \.cache, "Answers that are kept and given again, whatever model and policy say; `{ ttl: 0s }` keeps it out."),
            .setting("previous_keys", \.previousKeys, "Keys it had before it was rotated, each until its time of grace is over."),
            .setting("prefix", \.prefix, "How the key begins, to know it again by; the API writes it."),
            .setting(
                "guardrails", \.guardrails,
                "What is otherwise for its requests than `guardrails` and those of its project say; only of guardrails that are switched on there."),
        ] + LimitSettings.fields(of: \.limits)
}

/// `all`, `none`, or `[router, mode]`.
public struct OverrideList: SettingValue {
    public var set = Overrides.all

    public init(_ set: Overrides = .all) { self.set = set }

    private static let names = Overrides.named.map(\.name)
    public static let shape = Shape.either([.choice(["all", "none"]), .list(.choice(names))])
    public var written: String? {
        self.set == .all ? "all" : "[\(Overrides.named.filter { set.contains($0.value) }.map(\.name).joined(separator: ", "))]"
    }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> OverrideList? {
        switch node.scalar {
        case "all": return OverrideList(.all)
        case "none": return OverrideList([])
        default: break
        }
        guard let items = node.items ?? (node.scalar == nil ? nil : [node]) else {
            reading.problem(path, node.line, "expected `all`, `none` or a list, found \(node.kind)")
            return nil
        }
        var set = Overrides()
        for (index, item) in items.enumerated() {
            guard let row = Overrides.named.first(where: { $0.name == item.scalar }) else {
                let text = item.scalar ?? ""
                let help = Spelling.help(for: text, among: names)
                reading.problem(path.item(index), item.line, "there is nothing to override called `\(text.prefix(60))`\(help)")
                continue
            }
            set.formUnion(row.value)
        }
        return OverrideList(set)
    }
}
