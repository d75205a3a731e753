import Guarding
import Routing
import Schema

public enum PersonalDataKind: String, SettingChoice {
    case email, phone, card, iban, ip, coordinates, secret, name, address
    case nationalID = "national_id"

    var kind: PersonalData.Kind {
        switch self {
        case .email: .email
        case .phone: .phone
        case .card: .card
        case .iban: .iban
        case .ip: .ip
        case .coordinates: .coordinates
        case .secret: .secret
        case .name: .name
        case .address: .address
        case .nationalID: .nationalID
        }
    }
}

/// What becomes of which kind: `{ email: mask, card: block }`.
public struct KindActions: Hashable, SettingValue {
    public var actions: [PersonalDataKind: GuardAction] = [:]

    public init(_ actions: [PersonalDataKind: GuardAction] = [:]) { self.actions = actions }

    /// Where a kind of data sends a request is said of all kinds together.
    static let choices = [GuardAction.off, .warn, .mask, .block].map(\.rawValue)

    public static let shape = Shape.names(of: .choice(choices))
    public var written: String? { actions.isEmpty ? "{}" : nil }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> KindActions? {
        read(node, at: path, &reading, kind: PersonalDataKind.init(rawValue:), action: { _ in nil }, names: PersonalDataKind.allCases.map(\.rawValue))
    }

    /// - Parameters:
    ///   - kind: By the name it is written with.
    ///   - action: By a name that is none of ours.
    ///   - names: Those that a misspelt one is compared with.
    static func read(
        _ node: Node, at path: String, _ reading: inout Reading, kind: (String) -> PersonalDataKind?, action: (String) -> GuardAction?,
        names: [String]
    ) -> KindActions? {
        var list = KindActions()
        if node.isNull { return list }
        guard let entries = reading.entries(of: node, at: path, expected: "kinds of personal data and what becomes of them") else { return nil }
        for entry in entries {
            let place = path.setting(entry.name)
            guard let known = kind(entry.name) else {
                let help = Spelling.help(for: entry.name, among: names)
                reading.problem(place, entry.line, "there is no kind of personal data `\(entry.name.prefix(60))`\(help)")
                continue
            }
            guard let word = entry.node.scalar else {
                reading.refuse(entry.node, at: place, expected: choices.joined(separator: ", "))
                continue
            }
            let own = choices.contains(word) ? GuardAction(rawValue: word) : word == "allow" ? .off : action(word)
            guard let own else {
                reading.problem(place, entry.line, "`\(word.prefix(60))` is not known\(Spelling.help(for: word, among: choices))")
                continue
            }
            // Of two names of one kind the stricter.
            list.actions[known] = max(list.actions[known] ?? .off, own)
        }
        return list
    }
}

public struct PersonalDataSettings: GuardrailForm {
    public var rail = RailSettings()
    public var kinds: [PersonalDataKind]?
    public var actions: KindActions?
    public var restore: Bool?

    public init() {}

    public static let fields: [Field<Self>] =
        RailSettings.fields(of: \.rail) + [
            .setting("kinds", \.kinds, "What it looks for; without it everything."),
            .setting(
                "actions", \.actions,
                "What becomes of single kinds, in place of `action`: { email: mask, card: block }. Without `action` only these are looked for."),
            .setting("restore", \.restore, "Whether the reply has the values again in the place of what stood for them, `[EMAIL_1]`."),
        ]

    func over(_ base: Self) -> Self {
        var form = base
        form.rail = rail.over(base.rail)
        form.kinds = kinds ?? base.kinds
        // Who says what becomes of everything means everything.
        form.actions = actions ?? (rail.action == nil ? base.actions : nil)
        form.restore = restore ?? base.restore
        return form
    }

    /// What becomes of each kind that is looked for.
    var effective: [PersonalData.Kind: GuardAction] {
        var found: [PersonalData.Kind: GuardAction] = [:]
        let common = rail.action ?? .off
        if common != .off { for kind in kinds ?? PersonalDataKind.allCases { found[kind.kind] = common } }
        for (kind, action) in actions?.actions ?? [:] { found[kind.kind] = action == .off ? nil : action }
        return found
    }

    var isOn: Bool { !effective.isEmpty }

    /// Both at once, of each kind the stricter. What only counts stands back behind what does something.
    func joined(with base: Self?) -> Self {
        guard let base, base.isOn else { return self }
        guard isOn else { return base }
        let (mine, others) = (rail.shadow ?? false, base.rail.shadow ?? false)
        if mine != others { return mine ? base : self }
        var both = base
        var actions: [PersonalDataKind: GuardAction] = [:]
        let (left, right) = (effective, base.effective)
        for kind in PersonalDataKind.allCases {
            let action = max(left[kind.kind] ?? .off, right[kind.kind] ?? .off)
            if action != .off { actions[kind] = action }
        }
        (both.rail.action, both.kinds, both.actions) = (nil, nil, KindActions(actions))
        both.rail.threshold = min(rail.threshold ?? Self.usualThreshold, base.rail.threshold ?? Self.usualThreshold)
        both.rail.scope = rail.scope == base.rail.scope ? rail.scope : .both
        both.rail.roles = rail.roles.flatMap { own in base.rail.roles.map { own + $0 } }
        both.rail.route = rail.route ?? base.rail.route
        both.restore = restore ?? base.restore
        return both
    }

    private static let usualThreshold = 0.5
}
