import Routing
import Schema
import Settings
import Testing

@Suite("Written trees") struct TreeTests {
    /// A strategy with what was said of it beside its name.
    func shown(_ strategy: any Strategy) -> String {
        func window(_ window: MeasureWindow) -> String {
            window == .total ? " total" : window == .quarterHour ? "" : window == .hour ? " 1h" : " \(window)"
        }
        let name = type(of: strategy).name
        switch strategy {
        case let it as Percentage: return name + (it.stickyBy.map { " by \($0)" } ?? "")
        case let it as Fastest:
            return name + (it.time == .asAsked ? "" : " \(it.time)") + window(it.window) + (it.buffer == 0 ? "" : " +\(it.buffer)")
        case let it as MostReliable: return name + window(it.window) + (it.buffer == 0 ? "" : " +\(it.buffer)")
        case let it as HighestThroughput: return name + window(it.window) + (it.buffer == 0 ? "" : " +\(it.buffer)")
        case let it as FewestRequests: return name + window(it.window)
        case let it as Intelligent: return "\(name) \(it.axis)"
        case let it as Auto:
            let mode = AutoMode.allCases.first { AutoWeights.of($0) == it.weights }
            return name + " " + (mode.map { "\($0)" } ?? "\(it.weights.cost)/\(it.weights.quality)/\(it.weights.latency)") + window(it.window)
        case let it as Conditional:
            return name + it.cases.map { if case .block(_, let text, _) = $0 { " block \(text)" } else { "" } }.joined()
        default: return name
        }
    }

    /// A tree in one line: strategy, then children with their weight and faults.
    func shown(_ route: Route, _ blueprint: Blueprint) -> String {
        switch route {
        case .named(let name): name
        case .deployment(let id, let options):
            blueprint.table.deployments[id].name + (options.params ?? "") + (options.maxRetries.map { "~\($0)" } ?? "")
        case .with(let options, let inner): shown(inner, blueprint) + (options.params ?? "") + (options.maxRetries.map { "~\($0)" } ?? "")
        case .choice(let strategy, let branches):
            shown(strategy) + "("
                + branches.map { branch in
                    let on = branch.on.map { set in "!" + Fault.allCases.filter { set.contains($0) }.map(\.name).joined(separator: "+") } ?? ""
                    return shown(branch.route, blueprint) + (branch.weight.map { ":\(Int($0))" } ?? "") + on
                }.joined(separator: " ") + ")"
        }
    }

    @Test(
        "every form is the tree it means",
        arguments: [
            ("chat", "chat"), ("local/a", "local/a"), ("local/a/b:c", "local/a/b:c"), ("{ model: chat }", "chat"), ("{ model: local/a }", "local/a"),
            ("{ provider: local, model: a, max_retries: 1 }", "local/a~1"),
            ("{ fallback: [chat, local/a] }", "fallback(chat local/a)"),
            ("{ priority: [chat] }", "fallback(chat)"), ("{ ordered: [chat] }", "fallback(chat)"), ("{ single: chat }", "single(chat)"),
            ("{ round_robin: [chat, local/a] }", "round_robin(chat local/a)"), ("{ least-busy: [chat] }", "least_busy(chat)"),
            ("{ simple-shuffle: [ { provider: local, model: a, weight: 3 }, chat ] }", "shuffle(local/a:3 chat)"),
            ("{ percentage: [ { chat: 70 }, { local/a: 30 } ], sticky_by: user }", "percentage by user(chat:70 local/a:30)"),
            ("{ weighted: { chat: 7, local/a: 3 } }", "percentage(chat:7 local/a:3)"),
            ("{ percentage: [ { model: chat, weight: 2 }, { fallback: [local/a], weight: 1 } ] }", "percentage(chat:2 fallback(local/a):1)"),
            ("{ fallback: [ chat, { model: chat, on: [timeout, rate_limit] } ] }", "fallback(chat chat!rate_limit+timeout)"),
            (
                "{ fallback: [ { shuffle: [chat, local/a], on: timeout }, { single: [ { fallback: [chat] } ] } ] }",
                "fallback(shuffle(chat local/a)!timeout single(fallback(chat)))"
            ),
            ("{ latency: [chat, local/a], window: 15m, buffer: 0.1 }", "latency +0.1(chat local/a)"),
            ("{ least_latency: [chat], window: LastHour }", "latency 1h(chat)"),
            ("{ ttft: [chat], window: total }", "latency firstToken total(chat)"),
            ("{ cost: [chat] }", "cost(chat)"), ("{ cost-based-routing: [chat] }", "cost(chat)"), ("{ lowest_cost: [chat] }", "cost(chat)"),
            ("{ usage: [chat] }", "usage(chat)"), ("{ usage-based-routing-v2: [chat] }", "usage_v2(chat)"),
            ("{ success_rate: [chat], window: Total }", "success_rate total(chat)"), ("{ throughput: [chat], window: 1h }", "throughput 1h(chat)"),
            ("{ geographic: [chat, local/a] }", "geographic(chat local/a)"),
            ("{ fallback: [chat, local/*] }", "fallback(chat local/smollm2)"),
            ("{ auto: [chat, local/a], mode: cost }", "auto cost(chat local/a)"),
            ("{ auto: { models: [chat], weights: { cost: 1, quality: 1, latency: 2 }, window: 1h } }", "auto 0.25/0.25/0.5 1h(chat)"),
            (
                "{ fallback: [ { model: chat, params: { temperature: 0, stop: [a, 'b\"'] } } ] }",
                #"fallback(chat{"temperature":0,"stop":["a","b\""]})"#
            ),
            ("{ fallback: [ { model: chat, max_retries: 2, timeout: 5s } ] }", "fallback(chat~2)"),
            ("{ conditional: { branches: [ { when: { tags.a: { eq: b } }, route: local/a } ], default: chat } }", "conditional(local/a chat)"),
            ("{ intelligent: { axis: cost, models: [chat, local/a] } }", "intelligent cost(chat local/a)"),
            ("{ auto: { mode: quality, models: [chat] } }", "auto quality(chat)"),
            ("{ type: fallback, targets: [chat, local/a] }", "fallback(chat local/a)"),
            (
                "{ strategy: percentage, targets: [ { provider: local, model: a, weight: 70 }, { provider: local, model: b, weight: 30 } ] }",
                "percentage(local/a:70 local/b:30)"
            ),
            ("{ type: a_b_testing, targets: [chat, local/a], targets_percentages: [1, 3] }", "percentage(chat:1 local/a:3)"),
            ("{ type: optimized, metric: ttft, targets: [chat, local/a] }", "latency firstToken total(chat local/a)"),
            ("{ type: random, targets: [chat] }", "random(chat)"),
            ("{ targets: [chat] }", "latency whole total(chat)"),
            ("{ type: optimized, metric: tps, metrics_duration: Last15Minutes, targets: [local/*] }", "throughput(local/smollm2)"),
            ("{ type: optimized, metric: error_rate, targets: [smollm2] }", "success_rate total(local/smollm2)"),
            ("{ type: optimized, metric: requests, metrics_duration: LastHour, targets: [chat] }", "requests 1h(chat)"),
            ("{ type: least_loaded, targets: [chat] }", "least_busy(chat)"), ("{ type: latency, targets: [chat] }", "latency(chat)"),
            (
                "{ type: fallback, targets: [ { model: local/a, temperature: 0.2, weight: 2 }, { model: router/dynamic, router: { type: random, targets: [chat] } } ] }",
                #"fallback(local/a{"temperature":0.2}:2 random(chat))"#
            ),
            (
                "{ type: percentage, targets: [ { provider: local, model: a, top_k: 3 }, chat ], targets_percentages: [70, 30] }",
                #"percentage(local/a{"top_k":3}:70 chat:30)"#
            ),
            (
                "{ type: conditional, pre_request: [ { name: q, type: rate_limiter, limit: 10 } ], routes: [ { conditions: { pre_request.q.passed: false }, message_mapper: { modifier: block, content: no } }, { targets: { $any: [chat, local/a], filter: { error_rate: { lt: 0.1 } }, sort_by: ttft, sort_order: min } } ] }",
                "conditional block no(latency firstToken total(chat conditional(local/a)))"
            ),
            (
                "{ type: conditional, routes: [ { conditions: { all: [ { tags.a: 1 } ] }, targets: local/a }, { targets: [chat] } ] }",
                "conditional(local/a chat)"
            ),
        ])
    func forms(written: String, expected: String) throws {
        let compilation = compile(good.replacing("chat: {", with: "m: { route: \(written) }\n  chat: {"))
        let blueprint = try #require(compilation.blueprint, "\(compilation.problems)")
        let id = try #require(blueprint.names["m"]?.route)
        #expect(shown(blueprint.table.routes[id].tree, blueprint) == expected)
    }

    @Test("a group's strategy is its own, else the router's, else shuffle")
    func strategies() throws {
        func strategy(_ model: String, _ router: String) throws -> String {
            let blueprint = try #require(compile(good.replacing("chat: {", with: "chat: { \(model)") + router).blueprint)
            return shown(blueprint.table.routes[0].tree, blueprint)
        }
        #expect(try strategy("", "") == "shuffle(local/smollm2)")
        #expect(try strategy("", "router: { strategy: round_robin }") == "round_robin(local/smollm2)")
        #expect(try strategy("strategy: priority,", "router: { strategy: round_robin }") == "fallback(local/smollm2)")
    }
}
