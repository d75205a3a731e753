import Routing
import Schema
import Settings
import Testing
import Translation

@Suite("Compiling") struct CompileTests {
    func blueprint(_ yaml: String, _ environment: [String: String] = [:]) throws -> Blueprint {
        let compilation = compile(yaml, environment)
        return try #require(compilation.blueprint, "\(compilation.problems.map { $0.text(file: "f") })")
    }

    /// The names of the deployments a client reaches under a name, in order.
    func served(_ name: String, by blueprint: Blueprint) throws -> [String] {
        let model = try #require(blueprint.names[name], "\(name)")
        return blueprint.table.deployments(of: model.route).map { blueprint.table.deployments[$0].name }
    }

    @Test("every example compiles", arguments: Files.examples)
    func examples(path: String) throws {
        let text = Files.text(path)
        #expect(!text.isEmpty)
        let blueprint = try blueprint(text)
        #expect(!blueprint.keys.isEmpty)
        #expect(blueprint.upstreams.count == blueprint.table.deployments.count)
        for (upstream, deployment) in zip(blueprint.upstreams, blueprint.table.deployments) {
            #expect(upstream.model == deployment.model)
            #expect(upstream.providerName == deployment.provider)
            #expect(upstream.price == deployment.price)
        }
        for (name, model) in blueprint.names { #expect(blueprint.table.routes.indices.contains(model.route), "\(name)") }
    }

    @Test("groups, aliases and provider/model are names that a client may send")
    func names() throws {
        let full = try blueprint(Files.text("examples/full.yaml"))
        #expect(try served("chat", by: full) == ["openai/gpt-5-mini", "local/smollm2"])
        for name in ["gpt", "gpt4", "old", "router/chat"] { #expect(try served(name, by: full) == served("chat", by: full)) }
        #expect(try served("openai/gpt-5", by: full) == ["openai/gpt-5"])
        #expect(try served("smart", by: full) == ["openai/gpt-5", "claude/claude-sonnet-4-5", "openai/gpt-5-mini", "local/smollm2"])
        #expect(try served("inline", by: full) == ["openai/gpt-5-mini", "local/smollm2"])
        #expect(full.names.filter { !$0.value.hidden }.keys.sorted() == ["by-tier", "chat", "gpt", "gpt4", "inline", "own-pace", "smart"])
        let route = try #require(full.defaultRoute)
        #expect(full.table.deployments(of: route).map { full.table.deployments[$0].name } == ["openai/gpt-5", "openai/gpt-5-mini", "local/smollm2"])
        #expect(full.names["default"]?.route == route)
    }

    @Test("no deployment is paused for its provider's type")
    func paused() throws {
        let full = try blueprint(Files.text("examples/full.yaml"))
        #expect(full.table.deployments.filter(\.paused).map(\.name) == [])
    }

    @Test("a provider and model mentioned in several places is one deployment; with other settings it is another")
    func identity() throws {
        let text = good.replacing(
            "model: smollm2 } ] }",
            with: """
                model: smollm2 } ] }
                  a: { route: local/smollm2 }
                  b: { deployments: [ { provider: local, model: smollm2, input_price: 1, output_price: 2, weight: 3 } ] }
                  c: { deployments: [ { provider: local, model: smollm2, input_price: 1, output_price: 2, weight: 4 } ] }
                  d: { deployments: [ { provider: local, model: smollm2, input_price: 5 } ] }
                  e: { deployments: [ { provider: local, model: smollm2, input_price: 5, name: dear } ] }
                """)
        let blueprint = try blueprint(text)
        #expect(blueprint.table.deployments.map(\.name) == ["local/smollm2", "local/smollm2#2", "dear"])
        for name in ["chat", "a", "b", "c"] { #expect(try served(name, by: blueprint) == ["local/smollm2"]) }
        #expect(blueprint.table.deployments[0].price == Price(input: 1_000_000_000, output: 2_000_000_000))
        #expect(blueprint.upstreams[0].price == blueprint.table.deployments[0].price)
        #expect(try served("d", by: blueprint) == ["local/smollm2#2"])
        #expect(try served("e", by: blueprint) == ["dear"])
    }

    @Test("what a provider says holds for its deployments where they do not say it themselves")
    func inheritance() throws {
        let text = good.replacing("/v1 }", with: "/v1, rpm: 5, tags: [a], region: eu, timeout: 7s, idle_timeout: 8s, kind: free }")
            .replacing("model: smollm2 }", with: "model: smollm2, tags: [b], region: us }, { provider: local, model: other, timeout: 9s }")
        let blueprint = try blueprint(text)
        let (one, other) = (blueprint.table.deployments[0], blueprint.table.deployments[1])
        #expect(one.requestsPerMinute == 5)
        #expect(one.tags == ["b", "a"])
        #expect(one.region == "us")
        #expect(other.region == "eu")
        #expect(one.timeout == .seconds(7))
        #expect(other.timeout == .seconds(9))
        #expect(blueprint.upstreams.map(\.timeout) == [.seconds(7), .seconds(9)])
        #expect(blueprint.upstreams[0].idleTimeout == .seconds(8))
        #expect(one.kind == .free && one.price == .free)
    }

    @Test("the router's settings reach every route")
    func router() throws {
        let blueprint = try blueprint(Files.text("examples/litellm-router.yaml"))
        let route = blueprint.table.routes[try #require(blueprint.names["chat"]?.route)]
        #expect(route.retry.maxRetries == 2)
        #expect(route.retry.limit(after: .rateLimit) == 3)
        #expect(route.retry.limit(after: .badRequest) == 0)
        #expect(route.retry.limit(after: .timeout) == 1)
        #expect(route.timeout == .seconds(60))
        #expect(route.fallbacks == ["large"])
        #expect(route.contextWindowFallbacks == ["large"])
        #expect(blueprint.table.tagFiltering == .any)
        #expect(blueprint.table.deployments[0].breaker == .cooldown(allowedFails: 3, time: .seconds(30)))
        #expect(blueprint.names["old"]?.hidden == true)
    }

    @Test("the default policy's retry, rest and time hold where the router says nothing")
    func policy() throws {
        let text =
            good + """
                policies:
                  default: { retry: { max_retries: 7, on: [timeout], backoff: 1s }, breaker: { failure_threshold: 9, cooldown: 5s }, timeout: 33s }
                """
        let blueprint = try blueprint(text)
        #expect(blueprint.table.routes[0].retry.maxRetries == 7)
        #expect(blueprint.table.routes[0].retry.on == FaultSet(.timeout))
        #expect(blueprint.table.routes[0].timeout == .seconds(33))
        #expect(blueprint.table.deployments[0].breaker.failureThreshold == 9)
        #expect(blueprint.upstreams[0].timeout == .seconds(33))
        let overridden = try self.blueprint(text + "\nrouter: { num_retries: 1, timeout: 11s, cooldowns: false }")
        #expect(overridden.table.routes[0].retry.maxRetries == 1)
        #expect(overridden.table.routes[0].timeout == .seconds(11))
        #expect(overridden.table.deployments[0].breaker == .never)
    }

    @Test("a model that waits longer than the router makes its deployments wait that long")
    func longTimeout() throws {
        let blueprint = try blueprint(good.replacing("chat: {", with: "chat: { timeout: 300s,"))
        #expect(blueprint.table.routes[0].timeout == .seconds(300))
        #expect(blueprint.upstreams[0].timeout == .seconds(300))
    }

    @Test("keys: what they may use; a paused one is known, to be told so")
    func keys() throws {
        let blueprint = try blueprint(
            good.replacing(
                " } }\n", with: " }, b: { key: file:b, models: [chat, local/x] }, c: { key: env:C, paused: true }, d: { key: d, models: '*' } }\n"))
        #expect(blueprint.keys.map(\.name) == ["app", "b", "c", "d"])
        #expect(blueprint.keys.map { $0.secret.reveal() }.filter { !$0.isEmpty }.count == 4)
        #expect(blueprint.keys[1].secret.reveal() == "sk-canary-b")
        #expect(blueprint.keys.map(\.paused) == [false, false, true, false])
        #expect(blueprint.keys.map(\.models) == [nil, ["chat", "local/x"], nil, nil])
        #expect(try served("local/x", by: blueprint) == ["local/x"])
    }

    @Test("pausing the only key does not leave a gateway without keys, which would serve everybody")
    func pausedAlone() throws {
        let blueprint = try blueprint(good.replacing("sk-canary-app }", with: "sk-canary-app, paused: true, expires: 2027-01-31 }"))
        #expect(blueprint.keys.map(\.paused) == [true])
        #expect(blueprint.keys[0].expires == Moment(seconds: 1_801_353_600))
    }

    @Test("sizes of `general` are the server's")
    func general() throws {
        let blueprint = try blueprint(good + "general: { max_request_size_mb: 1, max_response_size_mb: 2.5 }")
        #expect(blueprint.server.requestBytes == 1 << 20)
        #expect(blueprint.server.responseBytes == 5 << 19)
    }

    @Test("what `<<` merges counts where nothing nearer says it")
    func merging() throws {
        let blueprint = try blueprint(
            good.replacing("local: {", with: "local: &base { timeout: 5s,").replacing(
                "models:",
                with: """
                      other: { <<: *base, timeout: 9s, region: eu }
                      third: { <<: [ { region: us }, *base, { region: eu, timeout: 1s } ] }
                    models:
                      m: { route: { fallback: [local/a, other/a, third/a] } }
                    """))
        let deployments = blueprint.table.deployments.filter { $0.model == "a" }
        #expect(deployments.map(\.timeout) == [.seconds(5), .seconds(9), .seconds(5)])
        #expect(deployments.map(\.region) == [nil, "eu", "us"])
        #expect(Set(blueprint.upstreams.compactMap { $0.provider.base?.origin.port }) == [9000])
    }

    @Test("mock providers are handed over with their behaviour")
    func mocks() throws {
        let blueprint = try blueprint(Files.text("examples/failover.yaml"))
        #expect(blueprint.mocks.map(\.providerName) == ["shaky", "steady"])
        #expect(blueprint.mocks[0].behaviour.latency == .milliseconds(20))
        #expect(blueprint.mocks[0].behaviour.faults.map(\.kind) == [.status, .resetMidstream])
        #expect(blueprint.mocks[0].behaviour.faults[0].retryAfter == .seconds(2))
        #expect(blueprint.mocks[1].behaviour.tokens == 50)
    }

    @Test(
        "stores",
        arguments: [
            ("sqlite:a/b.db", StoreLocation.sqlite(path: "a/b.db")), ("'memory:'", .memory), ("memory", .memory),
            ("postgres://u:p@h/db", .postgres(Secret("postgres://u:p@h/db"))),
            ("postgresql://u@h/db?sslmode=verify-full", .postgres(Secret("postgresql://u@h/db?sslmode=verify-full"))),
        ])
    func stores(text: String, expected: StoreLocation) throws {
        #expect(try blueprint(good + "store: \(text)\n").store == expected)
    }

    @Test("a changed credential makes another fingerprint, a changed weight does not")
    func fingerprint() throws {
        let one = try blueprint(good).table.deployments[0].fingerprint
        #expect(try blueprint(good.replacing("/v1 }", with: "/v1, api_key: x }")).table.deployments[0].fingerprint != one)
        #expect(try blueprint(good.replacing("smollm2 }", with: "smollm2, weight: 2 }")).table.deployments[0].fingerprint == one)
    }
}
