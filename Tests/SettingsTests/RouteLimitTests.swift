import Guarding
import Routing
import Settings
import Testing

@Suite("Limits and personal data of routes") struct RouteLimitTests {
    private static let base = """
        providers:
          p: { type: openai_compatible, base_url: http://127.0.0.1:9000/v1 }
        models:
          chat: { deployments: [ { provider: p, model: m } ] }
        keys: { app: { key: a }, bot: { key: b } }
        customers: { acme: {} }

        """

    private func blueprint(_ yaml: String) throws -> Blueprint {
        let compiled = compile(Self.base + yaml)
        return try #require(compiled.blueprint, "\(compiled.problems.map { $0.text(file: "f") })")
    }

    /// `scope/owner/unit/period limit`, budgets with `$`.
    private func over(_ name: String, key: Int = 0, customer: Int? = nil, _ blueprint: Blueprint) throws -> [String] {
        let route = try #require(blueprint.names[name]?.route)
        let table = blueprint.accounts
        guard table.routes.indices.contains(route), let chains = table.routes[route] else { return [] }
        return table.routeChains[chains.chain(key: key, customer: customer)].map {
            let account = table.accounts[$0]
            return "\(account.name) \(account.limit ?? -1)\(account.isBudget ? "$" : "")\(account.isHard ? "" : "~")"
        }
    }

    private func policy(_ name: String, _ blueprint: Blueprint, key: Int = 0) throws -> GuardPolicy {
        let route = try #require(blueprint.names[name]?.route)
        let index = try #require(blueprint.guards.policy(of: key, over: blueprint.guards.guarded(route)))
        return blueprint.guards.policies[index]
    }

    private static let grid = """
        routes:
          - name: summarise
            type: chat
            strategy: cost_optimized
            models: [ { provider: p, id: m } ]
            policies:
              rateLimit: { rpm: 60, rpsBurst: 5 }
              budget: { maxTokensPerDay: 100000, perUserCap: 2000 }
              redaction: { enabled: true, pii: { email: mask, creditCard: block, phone_number: redact, ssn: log } }
        """

    @Test("LLMGrid's names of a route are limits of everybody and of each")
    func grid() throws {
        let blueprint = try blueprint(Self.grid)
        let common = ["route/summarise/tokens/day 100000$", "route/summarise/requests/second 5", "route/summarise/requests/minute 60"]
        #expect(try over("summarise", blueprint) == common + ["caller/key:app@summarise/tokens/day 2000$"])
        #expect(try over("router/summarise", key: 1, blueprint) == common + ["caller/key:bot@summarise/tokens/day 2000$"])
        #expect(try over("summarise", customer: 0, blueprint) == common + ["caller/customer:acme@summarise/tokens/day 2000$"])
        #expect(try over("chat", blueprint) == [] && blueprint.accounts.chains.allSatisfy(\.isEmpty))
        let policy = try policy("summarise", blueprint)
        #expect(policy.personalKinds == PersonalData.Kinds([.email, .card, .phone, .nationalID]))
        #expect(policy.personalAction(.email) == .mask && policy.personalAction(.card) == .block && policy.personalAction(.phone) == .mask)
        #expect(policy.personalAction(.nationalID) == .warn && policy.looksAtReplies && policy.looksAtPrompts)
        #expect(blueprint.guards.policy(of: 0) == nil, "requests over other routes are looked at by nobody")
    }

    @Test("model groups and named routes say the same in our own words, and a name of a route is the route")
    func native() throws {
        let blueprint = try blueprint(
            """
            routes:
              steady: { fallback: [chat, p/other], limits: { tpm: 900, max_parallel_requests: 3, per_user: { rpd: 4 } }, pii: block }
              same: { model: steady, timeout: 9s }
              either: { fallback: [steady, chat] }
            policies: { default: { route: steady } }
            """)
        let chain = ["route/steady/tokens/minute 900", "route/steady/parallel/total 3", "caller/key:app@steady/requests/day 4"]
        for name in ["steady", "same", "default"] {
            #expect(try over(name, blueprint) == chain, "\(name)")
            #expect(try policy(name, blueprint).personalData.action == .block, "\(name)")
        }
        #expect(try over("either", blueprint) == [] && over("chat", blueprint) == [])
        let group = try self.blueprint("").accounts
        #expect(group.routes.isEmpty && group.routeChains.isEmpty)
        let own = try #require(
            compile(Self.base.replacing("model: m } ] }", with: "model: m } ], limits: { rps: 2 }, pii: { actions: { iban: warn } } }")).blueprint)
        #expect(try over("chat", own) == ["route/chat/requests/second 2"])
        #expect(try policy("chat", own).personalKinds == PersonalData.Kinds([.iban]))
    }

    @Test("beside what holds for a key the stricter is done, of each kind")
    func stricter() throws {
        let blueprint = try blueprint(
            Self.grid + "\nguardrails: { pii: { action: warn, threshold: 0.9, scope: prompt }, injection: block }\n")
        let policy = try policy("summarise", blueprint)
        #expect(policy.personalAction(.email) == .mask && policy.personalAction(.card) == .block && policy.personalAction(.iban) == .warn)
        #expect(policy.personalData.threshold == 500 && policy.personalData.roles.contains(.reply) && policy.injection.action == .block)
        let other = try self.policy("chat", blueprint)
        #expect(other.personalData.action == .warn && !other.personalData.roles.contains(.reply))
        let blocked = try self.blueprint(Self.grid + "\nguardrails: { pii: block }\n")
        #expect(try self.policy("summarise", blocked).personalAction(.email) == .block)
        let shadow = try self.blueprint(Self.grid + "\nguardrails: { pii: { action: block, shadow: true } }\n")
        #expect(try self.policy("summarise", shadow).personalAction(.email) == .mask)
    }

    @Test("redaction that is switched off looks for nothing, and one that names no kind masks all")
    func redaction() throws {
        func grid(_ redaction: String) -> String {
            Self.grid.split(separator: "\n").map { $0.contains("redaction") ? "      redaction: \(redaction)" : String($0) }.joined(separator: "\n")
        }
        #expect(try blueprint(grid("{ enabled: false, pii: { email: mask } }")).guards.isEmpty)
        let all = try policy("summarise", try blueprint(grid("{ enabled: true }")))
        #expect(all.personalKinds == .all && all.personalAction(.secret) == .mask)
    }

    @Test("what is misspelt is said where it stands, with what is near")
    func problems() {
        let text = Self.base + Self.grid.replacing("creditCard", with: "creditCrd").replacing("email: mask", with: "email: msk")
        #expect(
            SettingsTests.problems(text.replacing("rpsBurst", with: "rpsBrust").replacing("perUserCap: 2000", with: "perUserCap: -1")) == [
                "f:13: routes[0].policies.rateLimit.rpsBrust: unknown setting `rpsBrust`; did you mean `rpsBurst`?",
                "f:14: routes[0].policies.budget.perUserCap: `-1` is not valid; expected 0 to 1000000000000",
                "f:15: routes[0].policies.redaction.pii.email: `msk` is not known; did you mean `mask`?",
                "f:15: routes[0].policies.redaction.pii.creditCrd: there is no kind of personal data `creditCrd`; did you mean `creditCard`?",
            ])
        #expect(
            SettingsTests.problems(Self.base + "routes: { r: { fallback: [chat], limits: { rpm: 1, budget: { day: 5, unit: tokens }, tpd: 5 } } }")
                == [
                    "f:7: routes.r.limits.tpd: is the same as the budget of tokens per day: one of them is enough"
                ])
        #expect(
            SettingsTests.problems(Self.base + "guardrails: { pii: { actions: { card: route } } }").first?.contains("`route` is not known") == true)
    }

    @Test("a key has requests in any one second too") func keys() throws {
        let table = try #require(compile(Self.base.replacing("key: a }", with: "key: a, rps: 3 }")).blueprint).accounts
        #expect(table.chains[0].map { table.accounts[$0].name } == ["key/app/requests/second"])
    }
}
