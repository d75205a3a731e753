import Routing
import Schema
import Settings
import Testing

@Suite("Written trees") struct TreeTests {
    /// A tree in one line: strategy, then children with their weight and faults.
    func shown(_ route: Route, _ blueprint: Blueprint) -> String {
        switch route {
        case .named(let name): name
        case .deployment(let id, let options):
            blueprint.table.deployments[id].name + (options.maxRetries.map { "~\($0)" } ?? "")
        case .with(let options, let inner): shown(inner, blueprint) + (options.params ?? "") + (options.maxRetries.map { "~\($0)" } ?? "")
        case .choice(let strategy, let branches):
            type(of: strategy).name + "("
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
            ("{ percentage: [ { chat: 70 }, { local/a: 30 } ], sticky_by: user }", "percentage(chat:70 local/a:30)"),
            ("{ weighted: { chat: 7, local/a: 3 } }", "percentage(chat:7 local/a:3)"),
            ("{ percentage: [ { model: chat, weight: 2 }, { fallback: [local/a], weight: 1 } ] }", "percentage(chat:2 fallback(local/a):1)"),
            ("{ fallback: [ chat, { model: chat, on: [timeout, rate_limit] } ] }", "fallback(chat chat!rate_limit+timeout)"),
            (
                "{ fallback: [ { shuffle: [chat, local/a], on: timeout }, { single: [ { fallback: [chat] } ] } ] }",
                "fallback(shuffle(chat local/a)!timeout single(fallback(chat)))"
            ),
            ("{ latency: [chat, local/a], window: 15m, buffer: 0.1 }", "shuffle(chat local/a)"),
            ("{ cost: [chat] }", "shuffle(chat)"), ("{ usage-based-routing-v2: [chat] }", "shuffle(chat)"),
            ("{ conditional: { branches: [ { when: { tags.a: { eq: b } }, route: local/a } ], default: chat } }", "conditional(local/a chat)"),
            ("{ intelligent: { axis: cost, models: [chat, local/a] } }", "fallback(chat local/a)"),
            ("{ auto: { mode: quality, models: [chat] } }", "fallback(chat)"),
            ("{ type: fallback, targets: [chat, local/a] }", "fallback(chat local/a)"),
            (
                "{ strategy: percentage, targets: [ { provider: local, model: a, weight: 70 }, { provider: local, model: b, weight: 30 } ] }",
                "percentage(local/a:70 local/b:30)"
            ),
            ("{ type: a_b_testing, targets: [chat, local/a], targets_percentages: [1, 3] }", "percentage(chat:1 local/a:3)"),
            ("{ type: optimized, metric: ttft, targets: [chat, local/a] }", "shuffle(chat local/a)"),
            ("{ type: random, targets: [chat] }", "shuffle(chat)"),
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

    @Test("what is served as something else says so, once for each place", arguments: ["latency", "cost", "success_rate", "geographic"])
    func notYet(strategy: String) {
        let found = problems(good.replacing("chat: {", with: "m: { route: { \(strategy): [chat] } }\n  chat: {"))
        #expect(
            found == [
                "f:6: models.m.route.\(strategy): warning: `\(strategy)` is accepted, but not effective yet: served as `shuffle`"
            ])
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
