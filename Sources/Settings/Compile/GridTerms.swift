import Routing
import Schema

/// What LLMGrid's routes say of limits and personal data, as our own settings have it.
extension Compiler {
    struct GridRate: Configurable {
        var rpm: Int?
        var rpsBurst: Int?

        static let fields: [Field<Self>] = [
            .setting("rpm", \.rpm, in: 1...1_000_000_000, "Requests per minute, of all keys together."),
            .setting("rpsBurst", \.rpsBurst, in: 1...1_000_000_000, "Requests in any one second, of all keys together."),
        ]
    }

    struct GridBudget: Configurable {
        var maxTokensPerDay: Int?
        var perUserCap: Int?

        static let fields: [Field<Self>] = [
            .setting("maxTokensPerDay", \.maxTokensPerDay, in: 0...1_000_000_000_000, "Tokens per day in UTC, of all keys together."),
            .setting("perUserCap", \.perUserCap, in: 0...1_000_000_000_000, "Tokens per day in UTC, of each customer or key."),
        ]
    }

    struct GridRedaction: Configurable {
        var enabled = true
        var pii: GridKinds?

        static let fields: [Field<Self>] = [
            .setting("enabled", \.enabled, "Whether anything is looked for."),
            .setting("pii", \.pii, "What becomes of which kind; without it everything is masked."),
        ]
    }

    /// `{ email: mask, creditCard: block }`.
    struct GridKinds: SettingValue {
        var actions = KindActions()

        static let shape = KindActions.shape
        var written: String? { actions.written }

        private static let kinds: [String: PersonalDataKind] = [
            "creditCard": .card, "cardNumber": .card, "email": .email, "emailAddress": .email, "phone": .phone, "phoneNumber": .phone,
            "iban": .iban, "bankAccount": .iban, "ssn": .nationalID, "nationalId": .nationalID, "ip": .ip, "ipAddress": .ip, "name": .name,
            "personName": .name, "address": .address, "location": .coordinates, "apiKey": .secret, "password": .secret, "secret": .secret,
        ]
        private static let actions: [String: GuardAction] = ["redact": .mask, "replace": .mask, "deny": .block, "reject": .block, "log": .warn]

        /// `credit_card` and `creditcard` are `creditCard`.
        private static func plain(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }

        static func read(_ node: Node, at path: String, _ reading: inout Reading) -> GridKinds? {
            let known = Dictionary(kinds.map { (plain($0.key), $0.value) } + PersonalDataKind.allCases.map { (plain($0.rawValue), $0) }) { $1 }
            return KindActions.read(
                node, at: path, &reading, kind: { known[plain($0)] }, action: { actions[$0] },
                names: kinds.keys.sorted() + PersonalDataKind.allCases.map(\.rawValue)
            ).map { GridKinds(actions: $0) }
        }
    }

    mutating func addGridTerms(of name: String, _ policies: GridPolicies, _ node: Node, at path: String) {
        let place = path.setting("policies")
        let written = node["policies"]
        var own = terms[name] ?? RouteTerms(path: path, node: node)
        if policies.rateLimit != nil || policies.budget != nil {
            if own.limits != nil {
                let setting = policies.rateLimit == nil ? "budget" : "rateLimit"
                reader.reading.problem(place.setting(setting), written?.entry(setting)?.line ?? 0, "has no meaning beside `limits`: say either")
            } else {
                own.limits = Self.limits(policies.rateLimit, policies.budget)
            }
        }
        if let redaction = policies.redaction {
            if own.personalData != nil {
                reader.reading.problem(
                    place.setting("redaction"), written?.entry("redaction")?.line ?? 0, "has no meaning beside `pii`: say either")
            } else if redaction.enabled {
                var personal = PersonalDataSettings()
                personal.actions = redaction.pii?.actions
                if redaction.pii == nil { personal.rail.action = .mask }
                own.personalData = personal
            }
        }
        setTerms(of: name, own)
    }

    private static func limits(_ rate: GridRate?, _ budget: GridBudget?) -> RouteLimitSettings {
        func tokens(_ amount: Int) -> BudgetList {
            var one = BudgetSettings()
            (one.amount, one.unit, one.period) = (BudgetAmount(Double(amount)), .tokens, .day)
            var list = BudgetList()
            list.budgets = [one]
            return list
        }
        var settings = RouteLimitSettings()
        settings.limits.requestsPerMinute = rate?.rpm
        settings.limits.requestsPerSecond = rate?.rpsBurst
        if let most = budget?.maxTokensPerDay { settings.limits.budget = tokens(most) }
        if let cap = budget?.perUserCap {
            var each = LimitSettings()
            each.budget = tokens(cap)
            settings.perUser = each
        }
        return settings
    }
}
