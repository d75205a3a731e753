import Routing
import Schema
import Settings
import Testing

@Suite("Policies, projects and keys") struct PolicyTests {
    func blueprint(_ yaml: String) throws -> Blueprint {
        let compilation = compile(yaml)
        return try #require(compilation.blueprint, "\(compilation.problems.map { $0.text(file: "f") })")
    }

    /// The deployments of a route in the order written.
    func served(_ route: Route.ID, _ blueprint: Blueprint) -> [String] {
        blueprint.table.deployments(of: route).map { blueprint.table.deployments[$0].name }
    }

    @Test("every policy has its own route, retries, time and breaker")
    func policies() throws {
        let blueprint = try blueprint(Files.text("examples/policies/projects.yaml"))
        #expect(blueprint.policies.map(\.name) == ["default", "thrifty", "research"])
        #expect(blueprint.defaultPolicy == 0)
        let thrifty = blueprint.policies[1]
        let route = blueprint.table.routes[try #require(thrifty.route)]
        #expect(served(try #require(thrifty.route), blueprint) == ["local/smollm2", "openai/gpt-5-mini"])
        #expect(route.retry.maxRetries == 0)
        #expect(route.retryIsItsOwn)
        #expect(route.timeout == .seconds(20))
        #expect(thrifty.retry?.budgetName == "thrifty")
        #expect(blueprint.policies[2].overridesModel)
        #expect(blueprint.policies[2].retry == nil)
        let deployments = Dictionary(uniqueKeysWithValues: blueprint.table.deployments.map { ($0.name, $0) })
        #expect(deployments["openai/gpt-5"]?.breaker.failureThreshold == 10)
        #expect(deployments["openai/gpt-5"]?.breaker.cooldown == .seconds(10))
        #expect(deployments["local/smollm2"]?.breaker.failureThreshold == 5)
        // Nobody but the gateway itself asks for them.
        #expect(!blueprint.names.keys.contains { $0.contains("policy:") })
    }

    @Test("a key's policy is its own, else its project's, else the organisation's")
    func whose() throws {
        let blueprint = try blueprint(Files.text("examples/policies/projects.yaml"))
        let policy = { (key: Int) in blueprint.keys[key].policy.map { blueprint.policies[$0].name } }
        #expect(blueprint.keys.map(\.name) == ["bot", "scientist", "visitor"])
        #expect([policy(0), policy(1), policy(2)] == ["thrifty", "research", "thrifty"])
        #expect(blueprint.keys.map { $0.project.map { blueprint.projects[$0].name } } == ["support", "lab", nil])
        #expect(blueprint.keys[0].tags == ["bot", "support"])
        #expect(blueprint.keys[0].region == "eu")
        #expect(blueprint.keys[0].overrides == [.tags, .timeout])
        #expect(blueprint.keys[1].overrides == .all)
        #expect(blueprint.keys[2].overrides == [])
        let without = try self.blueprint(good)
        #expect(without.keys[0].policy == nil && without.defaultPolicy == nil)
        let off = try self.blueprint(
            good.replacing("keys: { app: {", with: "keys: { app: { policy: p,")
                + "policies: { p: { enabled: false, route: chat }, default: { route: chat } }")
        #expect(off.keys[0].policy == 1)
    }

    @Test("TokenVue's form: the primary, then the steps by priority; the key's requests are served by it whatever model they name")
    func tokenVue() throws {
        let blueprint = try blueprint(Files.text("examples/policies/tokenvue.yaml"))
        let policy = try #require(blueprint.policies.first)
        let route = try #require(policy.route)
        #expect(served(route, blueprint) == ["openai/gpt-5-mini", "ollama/llama", "openai/gpt-5"])
        #expect(policy.overridesModel)
        #expect(policy.providerType == "hybrid")
        #expect(blueprint.table.routes[route].retry.on == FaultSet(.rateLimit, .serverError, .timeout, .unavailable))
        #expect(blueprint.keys.map(\.policy) == [0, nil])
        let chain = try #require(blueprint.table.route(named: "policy:support primary:chain"))
        #expect(served(chain, blueprint) == ["ollama/llama", "openai/gpt-5"])
        let llama = try #require(blueprint.table.deployments.first { $0.name == "ollama/llama" })
        #expect(llama.region == "eu" && llama.kind == .selfHosted && llama.breaker.cooldown == .seconds(60))
        guard case .choice(_, let branches) = blueprint.table.routes[route].tree, case .deployment(_, let options) = branches[1].route else {
            Issue.record("no chain")
            return
        }
        #expect(options == LeafOptions(maxRetries: 1, virtualKey: "vk_local"))
    }

    @Test("a step whose key is paused never serves, and a warning says why")
    func pausedKey() throws {
        let text = Files.text("examples/policies/tokenvue.yaml").replacing(
            "vk_local: { key: env:LOCAL_KEY }", with: "vk_local: { key: env:LOCAL_KEY, paused: true }")
        let compilation = compile(text)
        let blueprint = try #require(compilation.blueprint)
        #expect(
            compilation.problems.map { $0.text(file: "f") }.contains(
                "f:13: policies.support primary.fallback_chain[1].virtual_key: warning: is skipped: the key `vk_local` is paused"))
        #expect(blueprint.table.deployments.filter(\.paused).map(\.name) == ["ollama/llama@vk_local"])
    }

    @Test(
        "Merge's strategies are ours",
        arguments: [
            ("priority", "fallback"), ("single", "fallback"), ("least_latency", "latency"), ("lowest_cost", "cost"),
            ("cost_optimized", "intelligent"), ("quality_first", "intelligent"), ("round_robin", "round_robin"),
        ])
    func merge(type: String, strategy: String) throws {
        let blueprint = try blueprint(Files.text("examples/policies/merge.yaml").replacing("type: priority", with: "type: \(type)"))
        let route = try #require(blueprint.defaultRoute)
        #expect(served(route, blueprint) == ["openai/gpt-5-mini", "local/smollm2"])
        guard case .choice(let found, _) = blueprint.table.routes[route].tree else {
            Issue.record("no choice")
            return
        }
        #expect(Swift.type(of: found).name == strategy)
    }

    @Test("hedges, gates, budgets of repeats and the bucket reach routes and table")
    func reliability() throws {
        let latency = try blueprint(Files.text("examples/policies/latency.yaml"))
        let chat = latency.table.routes[try #require(latency.names["chat"]?.route)]
        #expect(chat.hedge == HedgePolicy(trigger: .p95, maxShare: 0.05, maxCost: Nanodollars(10_000_000)))
        #expect(chat.commitGate == CommitGate(tokens: 5, firstToken: .seconds(3), tokensPerSecond: 5, for: .seconds(1)))
        let batch = latency.table.routes[try #require(latency.names["batch"]?.route)]
        #expect(batch.hedge?.trigger == .after(.seconds(10)) && batch.hedge?.maxShare == 0)
        let usual = try blueprint(Files.text("examples/policies/default.yaml"))
        for route in usual.table.routes { #expect(route.retry.monthlyBudget == 100_000 && route.retry.budgetName == "default") }
        #expect(usual.names["default"]?.route == usual.defaultRoute)
    }

    @Test("LiteLLM's counts: by class, by group, for breakers")
    func counts() throws {
        let blueprint = try blueprint(
            good + """
                router:
                  routing_strategy: latency-based-routing
                  routing_strategy_args: { ttl: 60, lowest_latency_buffer: 0.5 }
                  retry_policy: { TimeoutErrorRetries: 1 }
                  model_group_retry_policy: { chat: { RateLimitErrorRetries: 4 } }
                  allowed_fails_policy: { BadRequestErrorAllowedFails: 9 }
                  cooldown_time: 7s
                  enable_pre_call_checks: true
                """)
        let route = blueprint.table.routes[0]
        #expect(route.retry.limit(after: .timeout) == 1 && route.retry.limit(after: .rateLimit) == 4 && route.retryIsItsOwn)
        #expect(blueprint.table.deployments[0].breaker.allowed(of: .badRequest) == 9)
        guard case .choice(let strategy as Fastest, _) = route.tree else {
            Issue.record("not latency")
            return
        }
        #expect(strategy.buffer == 0.5 && strategy.window == MeasureWindow(.seconds(60)))
        #expect(try self.blueprint(good + "router: { disable_cooldowns: true }").table.deployments[0].breaker == .never)
    }

    @Test("routes in LLMGrid's and vLLora's forms are names like any other")
    func namedRoutes() throws {
        let blueprint = try blueprint(Files.text("examples/named-routes.yaml"))
        for name in ["steady", "grid", "fast", "tiers", "router/fast", "router/grid"] { #expect(blueprint.names[name] != nil, "\(name)") }
        #expect(blueprint.names.filter { !$0.value.hidden }.keys.sorted() == ["grid", "steady"])
        #expect(blueprint.defaultRoute == blueprint.names["steady"]?.route)
        let grid = blueprint.table.routes[try #require(blueprint.names["grid"]?.route)]
        #expect(grid.retry.maxRetries == 2 && grid.retry.backoff == .milliseconds(200))
        guard case .choice(_, let branches) = grid.tree else {
            Issue.record("no choice")
            return
        }
        #expect(branches.last?.on == FaultSet(.timeout))
        #expect(served(try #require(blueprint.names["fast"]?.route), blueprint) == ["openai/gpt-5-mini", "openai/gpt-5", "local/smollm2"])
        #expect(blueprint.limiters == [Limiter(name: "quota", limit: 100, period: .day, target: .requests, entity: .userID)])
    }

    @Test("auto is there without being written, over everything that is listed, in every mode")
    func auto() throws {
        let blueprint = try blueprint(Files.text("examples/strategies/auto.yaml"))
        let route = try #require(blueprint.names["auto"]?.route)
        #expect(served(route, blueprint).sorted() == ["local/smollm2", "openai/gpt-5", "openai/gpt-5-mini"])
        #expect(blueprint.names["auto"]?.mode == .balance)
        for mode in AutoMode.allCases {
            #expect(blueprint.names["auto:\(mode)"]?.mode == mode)
            #expect(blueprint.names["auto:\(mode)"]?.route == route)
        }
        let own = try self.blueprint(good.replacing("chat: {", with: "auto: { route: local/b }\n  chat: {"))
        #expect(served(try #require(own.names["auto"]?.route), own) == ["local/b"])
        #expect(own.names["auto:cost"] == nil && own.names["auto"]?.mode == nil)
        #expect(blueprint.table.deployments[0].quality == 0.95)
    }

    @Test("of more deployments than a route can have, the first are in auto, with a warning")
    func manyDeployments() throws {
        let rows = (0..<300).map { "  m\($0): { deployments: [ { provider: local, model: m\($0) } ] }" }.joined(separator: "\n")
        let compilation = compile(good.replacing("models:\n", with: "models:\n\(rows)\n"))
        let blueprint = try #require(compilation.blueprint)
        #expect(compilation.problems.map(\.message) == ["the route `auto` has the first 256 of 301 deployments"])
        #expect(blueprint.table.deployments(of: try #require(blueprint.names["auto"]?.route)).count == 256)
    }

    @Test("what was deleted since is skipped with a reason, and nothing else changes")
    func dangling() throws {
        let text =
            good.replacing("chat: {", with: "m: { route: { fallback: [gone, locl/a, chat] } }\n  chat: {")
            + "policies: { p: { virtual_key: nobody, primary: chat, fallback_chain: [ { provider: local, model: b, virtual_key: lost } ] } }"
        var found: [Problem] = []
        let node = try #require(JSONNode.read("{}"))
        #expect(Blueprint.compile(node).blueprint != nil)
        #expect(compile(text).blueprint == nil)
        let compilation = skipping(text)
        found = compilation.problems
        let blueprint = try #require(compilation.blueprint, "\(found)")
        #expect(
            found.map { $0.text(file: "f") } == [
                "f:6: models.m.route.fallback[0]: warning: is skipped: there is no model `gone`; expected `auto`, `chat`, `m`",
                "f:6: models.m.route.fallback[1]: warning: is skipped: there is no model `locl/a`; did you mean `local/a`?",
                "f:9: policies.p.fallback_chain[0].virtual_key: warning: is skipped: there is no key `lost`; expected `app`",
                "f:9: policies.p.virtual_key: warning: there is no key `nobody`; expected `app`",
            ])
        #expect(served(try #require(blueprint.names["m"]?.route), blueprint) == ["gone (missing)", "locl/a (missing)", "local/smollm2"])
        #expect(blueprint.names["gone (missing)"] == nil)
        var router = Router(table: blueprint.table, seed: 1)
        var journey = router.journey(route: try #require(blueprint.names["m"]?.route))
        guard case .attempt(let attempt) = router.next(&journey, at: .zero) else {
            Issue.record("no attempt")
            return
        }
        #expect(blueprint.table.deployments[attempt.deployment].name == "local/smollm2")
    }

    @Test("a draft is compiled with the whole, serves by name and is nobody's default")
    func draft() throws {
        let policy = try #require(JSONNode.read(#"{"route":{"fallback":["local/b","chat"]},"retry":{"max_retries":0}}"#))
        let root = try #require(JSONNode.read(Self.json))
        let expires = Moment(seconds: 1_801_396_801)
        let drafted = Draft.added(policy, named: "draft-1", expires: expires, to: root)
        let blueprint = try #require(Blueprint.compile(drafted).blueprint)
        let index = try #require(blueprint.policy(named: "draft-1"))
        #expect(blueprint.policies[index].expires == expires)
        #expect(served(try #require(blueprint.policies[index].route), blueprint) == ["local/b", "local/smollm2"])
        #expect(blueprint.defaultPolicy == nil)
        #expect(Draft.removed("draft-1", from: drafted)["policies"]?.entries?.isEmpty ?? false)
        let bad = Draft.added(.map([("route", .text("nowhere"))]), named: "d", expires: expires, to: root)
        #expect(Blueprint.compile(bad).problems.map(\.path) == ["policies.d.route"])
        let kept = Draft.added(.map([]), named: "d", expires: expires, to: Draft.added(policy, named: "d", expires: expires, to: root))
        #expect(kept["policies"]?.entries?.count == 1)
    }

    static let json = """
        {"providers":{"local":{"type":"openai_compatible","base_url":"http://127.0.0.1:9000/v1"}},
         "models":{"chat":{"deployments":[{"provider":"local","model":"smollm2"}]}}}
        """
}
