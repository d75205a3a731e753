import Routing
import Settings
import Testing

@Suite("Budgets and limits") struct LimitTests {
    struct Row: CustomTestStringConvertible {
        /// Put behind `base`.
        var text: String
        var expected: [String]
        var testDescription: String { text }

        init(_ text: String, _ expected: String...) {
            self.text = text
            self.expected = expected
        }
    }

    /// One provider, one group, no keys: five lines.
    private static let base = """
        providers:
          local: { type: openai_compatible, base_url: http://127.0.0.1:9000/v1, rpm: 600, budget: { month: 500 } }
        models:
          chat: { deployments: [ { provider: local, model: m, tpm: 9000, rpd: 7 } ] }
          free: { deployments: [ { provider: local, model: f, kind: free } ] }

        """

    private static func accounts(_ yaml: String) -> AccountTable { compile(base + yaml).blueprint?.accounts ?? .empty }

    /// `scope/owner/unit/period limit`, soft ones with `~`, alerts behind `@`.
    private static func said(_ account: Account) -> String {
        let alerts = account.alerts.isEmpty ? "" : " @\(account.alerts.map(String.init).joined(separator: ","))"
        let limit = account.limit.map(String.init) ?? "-"
        return "\(account.name) \(limit)\(account.isHard ? "" : "~")\(alerts)\(account.isBudget ? "" : " rate")"
    }

    private static func chain(_ table: AccountTable, _ key: Int) -> [String] { table.chains[key].map { said(table.accounts[$0]) } }

    @Test(
        "a key's limits become accounts, in every form they may have",
        arguments: [
            Row("budget: { day: 2, month: 20 }", "key/k/nanodollars/day 2000000000 @80,100", "key/k/nanodollars/month 20000000000 @80,100"),
            Row("budget: { amount: 0.000000001, period: total }", "key/k/nanodollars/total 1 @80,100"),
            Row("budget: { amount: 5, unit: USD, period: weekly, enforcement: soft_limit }", "key/k/nanodollars/week 5000000000~ @80,100"),
            Row("budget: { amount: 1_000, unit: tokens, period: year, alerts: [90, 50%, 90] }", "key/k/tokens/year 1000 @50,90"),
            Row("budget: { quarter: 3e3, unit: requests, alerts: [] }", "key/k/requests/quarter 3000"),
            Row(
                "budget: [ { amount: 1 }, { amount: 9, unit: requests } ]", "key/k/nanodollars/month 1000000000 @80,100",
                "key/k/requests/month 9 @80,100"),
            Row("budget: { month: 1 }, alerts: [150, 50]", "key/k/nanodollars/month 1000000000 @50,150"),
            Row("budget: { amount: 0 }", "key/k/nanodollars/month 0 @80,100"),
            Row("rpm: 60, tpm: 1000", "key/k/requests/minute 60 rate", "key/k/tokens/minute 1000 rate"),
            Row("rpd: 5, tpd: 50", "key/k/requests/day 5 rate", "key/k/tokens/day 50 rate"),
            Row("max_parallel_requests: 8", "key/k/parallel/total 8 rate"),
            Row("models: [chat]"),
        ])
    func forms(_ row: Row) {
        let table = Self.accounts("keys: { k: { key: sk-1, \(row.text) } }")
        #expect(row.expected.isEmpty ? table.chains.isEmpty : Self.chain(table, 0) == row.expected)
    }

    @Test(
        "bad limits are refused with their place and what was expected",
        arguments: [
            Row("budget: { month: -1 }", "keys.k.budget.month: `-1` is not valid; expected an amount of 0 or more"),
            Row("budget: { month: nan }", "keys.k.budget.month: `nan` is not valid; expected an amount of 0 or more"),
            Row("budget: { month: .inf }", "keys.k.budget.month: `.inf` is not valid; expected an amount of 0 or more"),
            Row("budget: { month: 1e300 }", "keys.k.budget.month: `1e+300` is not valid; expected 0 to 1000000000 usd"),
            Row("budget: { amount: 1.5, unit: tokens }", "keys.k.budget.amount: `1.5` is not valid; expected a whole number of tokens"),
            Row("budget: { mnth: 5 }", "keys.k.budget.mnth: unknown setting `mnth`; did you mean `month`?"),
            Row("budget: { amount: 5, period: mont }", "keys.k.budget.period: `mont` is not known; did you mean `month`?"),
            Row("budget: { amount: 5, unit: euro }", "keys.k.budget.unit: `euro` is not known; expected `usd`, `tokens`, `requests`"),
            Row("budget: { amount: 5, alerts: [0] }", "keys.k.budget.alerts[0]: `0` is not valid; expected per cent from 1 to 1000"),
            Row("budget: { amount: 5, alerts: [1001] }", "keys.k.budget.alerts[0]: `1001` is not valid; expected per cent from 1 to 1000"),
            Row("budget: { period: day }", "keys.k.budget.amount: is missing: What may be spent in a period."),
            Row(
                "budget: [ { amount: 5 }, { amount: 6, enforcement: soft } ]",
                "keys.k.budget[1]: there are two budgets of usd per month: one of them is enough"),
            Row(
                "budget: { day: 5, unit: requests }, rpd: 7",
                "keys.k.rpd: is the same as the budget of requests per day: one of them is enough"),
            Row("rpm: 0", "keys.k.rpm: `0` is not valid; expected 1 to 1000000000"),
            Row("max_parallel_requests: -3", "keys.k.max_parallel_requests: `-3` is not valid; expected 1 to 1000000000, or none"),
            Row("customer: acme", "keys.k.customer: there is no customer `acme`"),
            Row("providers: [locl]", "keys.k.providers[0]: there is no provider `locl`; did you mean `local`?"),
            Row("budget_mode: currencies", "keys.k.budget_mode: `currencies` is not known; did you mean `currency`?"),
            Row(
                "budget_mode: free, budget: { month: 5 }",
                "keys.k.budget_mode: a key that is free spends nothing: take its budget in usd away, or the mode"),
            Row(
                "budget_mode: token_limit, budget: { month: 5 }",
                "keys.k.budget_mode: a key with a limit of tokens has budgets in tokens and requests, not in usd"),
            Row("budget_mode: token_limit", "keys.k.budget_mode: say how much: a budget in tokens or requests, tpd, tpm, rpd or rpm"),
        ])
    func bad(_ row: Row) {
        #expect(problems(Self.base + "keys: { k: { key: sk-1, \(row.text) } }").map { String($0.drop { $0 != " " }.dropFirst()) } == row.expected)
    }

    @Test("a request is charged to its key's project, customer and the organisation too, in the order in which they refuse")
    func chains() {
        let table = Self.accounts(
            """
            keys:
              a: { key: sk-a, project: p, customer: c, budget: { day: 1 } }
              b: { key: sk-b }
            projects: { p: { budget: { month: 2 } }, q: { rpm: 5 } }
            customers: { c: { budget: { amount: 30, unit: tokens, period: day, alerts: [] } } }
            organisation: { budget: { year: 4 } }
            general: { max_parallel_requests: 6, global_max_parallel_requests: 7 }
            """)
        #expect(
            Self.chain(table, 0) == [
                "gateway//parallel/total 7 rate", "key/a/nanodollars/day 1000000000 @80,100", "key/a/parallel/total 6 rate",
                "project/p/nanodollars/month 2000000000 @80,100", "customer/c/tokens/day 30", "organisation//nanodollars/year 4000000000 @80,100",
            ])
        #expect(
            Self.chain(table, 1) == [
                "gateway//parallel/total 7 rate", "key/b/parallel/total 6 rate", "organisation//nanodollars/year 4000000000 @80,100",
            ])
        #expect(table.chains.allSatisfy { $0 == $0.sorted() })
        #expect(table.projects.map { $0.map { table.accounts[$0].name } } == [["project/p/nanodollars/month"], ["project/q/requests/minute"]])
        #expect(table.customers.map { $0.map { table.accounts[$0].name } } == [["customer/c/tokens/day"]])
    }

    @Test("an attempt is charged to its provider and its deployment")
    func deployments() {
        let table = Self.accounts("")
        let chains = table.deployments.map { $0.map { Self.said(table.accounts[$0]) } }
        let provider = ["provider/local/nanodollars/month 500000000000 @80,100", "provider/local/requests/minute 600 rate"]
        #expect(
            chains == [provider + ["deployment/local/m/tokens/minute 9000 rate", "deployment/local/m/requests/day 7 rate"], provider])
    }

    @Test("a deployment has one limit of a day's requests and one of its tokens, wherever it is written")
    func daysOfDeployments() {
        let leaf = "{ provider: local, model: x, budget: [{ amount: 5, unit: requests, period: day }, { amount: 9, unit: tokens, period: day }]"
        for (path, written) in [
            ("models.g.deployments[0]", "models: { g: { deployments: [ \(leaf), rpd: 5, tpd: 9 } ] } }"),
            ("routes.g.fallback[0]", "routes: { g: { fallback: [ \(leaf), rpd: 5, tpd: 9 } ] } }"),
        ] {
            let found = problems("providers: { local: { type: mock } }\n" + written).map { String($0.drop { $0 != " " }.dropFirst()) }
            #expect(
                found
                    == [("rpd", "requests"), ("tpd", "tokens")].map {
                        "\(path).\($0): is the same as the budget of \($1) per day: one of them is enough"
                    })
        }
    }

    @Test("without keys everybody is `local`; what is written as nothing, or as none, is no limit", arguments: ["null", "none"])
    func none(_ word: String) {
        let general = "general: { max_parallel_requests: 6 }\n"
        let open = Self.accounts(general)
        #expect(Self.chain(open, 0) == ["key/local/parallel/total 6 rate"])
        let table = Self.accounts(general + "keys: { a: { key: sk-a, max_parallel_requests: \(word) }, b: { key: sk-b } }")
        #expect(table.chains.map(\.count) == [0, 1])
    }

    @Test("what conditions read is counted even where nothing limits it")
    func counted() {
        let table = Self.accounts(
            """
            keys: { a: { key: sk-a, budget: { month: 1 } }, b: { key: sk-b, project: p } }
            projects: { p: {} }
            rules:
              - { name: x, when: { budget.month.used_percent: { gte: 80 } }, then: { route: free } }
              - { name: y, when: { all: [ { tokens.minute: { gt: 9 } }, { project.budget.day.used: { gt: 1 } } ] }, then: { route: free } }
            """)
        #expect(Self.chain(table, 0) == ["key/a/nanodollars/month 1000000000 @80,100", "key/a/tokens/minute - rate"])
        #expect(Self.chain(table, 1) == ["key/b/nanodollars/month -", "key/b/tokens/minute - rate", "project/p/nanodollars/day -"])
    }

    @Test("a key may have its providers, and one that is free only what costs nothing")
    func allowed() throws {
        let blueprint = try #require(
            compile(
                Self.base + "keys: { a: { key: sk-a, providers: [local] }, b: { key: sk-b, providers: [] }, c: { key: sk-c, budget_mode: free } }"
            ).blueprint)
        let ids = blueprint.table.deployments.indices
        let allowed = blueprint.keys.map { key in ids.filter { blueprint.deployments(of: key)?.contains($0) ?? true } }
        #expect(allowed == [[0, 1], [], [1]])
    }

    @Test("no two keys are the same, be it a former one")
    func formerKeys() {
        let text = "keys: { a: { key: sk-a, previous_keys: [ { key: sk-b, until: 2099-01-01 } ] }, b: { key: sk-b } }"
        #expect(problems(Self.base + text) == ["f:6: keys.b.key: is the same key as that of `a`"])
    }

    @Test("a webhook has an address, and its secrets are in no message")
    func webhooks() throws {
        let good = "alerts: { webhooks: [ { url: \"https://h.example/x?k=1\", secret: env:S, events: [budget] } ] }"
        let hook = try #require(compile(Self.base + good).blueprint?.alerts.webhooks.first)
        #expect(hook.url.target == "/x?k=1" && hook.url.base.origin.host == "h.example" && hook.events == [.budget])
        let bad = problems(Self.base + "alerts: { webhooks: [ { url: \"h.example/canary\", events: [budgets] } ] }")
        #expect(
            bad == [
                "f:6: alerts.webhooks[0].url: expected an address such as https://hooks.example.com/x, without user or fragment",
                "f:6: alerts.webhooks[0].events[0]: `budgets` is not known; did you mean `budget`?",
            ])
    }
}
