import Routing
import Schema
import Settings
import Testing

/// Every way in which a policy can name or say something wrong: refused as a whole, with path, line and suggestion.
@Suite("Bad routing") struct BadInputTests {
    struct Row: CustomTestStringConvertible {
        /// A policy on line 8, behind the good document.
        var policy: String
        var expected: String
        var testDescription: String { policy }

        init(_ policy: String, _ expected: String) {
            self.policy = policy
            self.expected = expected
        }
    }

    @Test(
        "is refused with path, line and suggestion",
        arguments: [
            Row("{ route: chta }", "f:8: policies.p.route: there is no model `chta`; did you mean `chat`?"),
            Row("{ route: { fallback: [chat, locl/x] } }", "f:8: policies.p.route.fallback[1]: there is no model `locl/x`; did you mean `local/x`?"),
            Row("{ route: { provider: locl, model: x } }", "f:8: policies.p.route.provider: there is no provider `locl`; did you mean `local`?"),
            Row(
                "{ route: { provider: local, model: x, virtual_key: ap } }",
                "f:8: policies.p.route.virtual_key: there is no key `ap`; did you mean `app`?"
            ),
            Row(
                "{ route: { provider: local, model: x, params: 7 } }",
                "f:8: policies.p.route.params: expected members of a request, found a single value"),
            Row(
                "{ route: { percentage: [ { chat: 0 }, { local/x: 0 } ] } }",
                "f:8: policies.p.route.percentage: the weights sum to 0, so nothing could be chosen"),
            Row("{ route: { percentage: [] } }", "f:8: policies.p.route.percentage: has no routes to choose from"),
            Row(
                "{ route: { shuffle: [ { provider: local, model: x, weight: 0 } ] } }",
                "f:8: policies.p.route.shuffle: the weights sum to 0, so nothing could be chosen"),
            Row(
                "{ route: { type: percentage, targets: [chat, local/x], targets_percentages: [0, 0] } }",
                "f:8: policies.p.route.targets: the weights sum to 0, so nothing could be chosen"),
            Row("{ route: { type: percentage } }", "f:8: policies.p.route.targets: is missing: the routes to choose from"),
            Row(
                "{ route: { type: percentge, targets: [chat] } }",
                "f:8: policies.p.route.type: there is no strategy `percentge`; did you mean `percentage`?"),
            Row(
                "{ route: { latency: [chat], window: 2h } }",
                "f:8: policies.p.route.window: `2h` is not valid; expected 15m, 1h, another duration of 1s to 1h, or total"),
            Row("{ route: { latency: [chat], buffer: -1 } }", "f:8: policies.p.route.buffer: `-1` is not valid; expected 0 to 10"),
            Row(
                "{ route: { auto: { mode: qualty, models: [chat] } } }",
                "f:8: policies.p.route.auto.mode: `qualty` is not known; did you mean `quality`?"),
            Row(
                "{ route: { auto: { weights: { cost: 0 }, models: [chat] } } }",
                "f:8: policies.p.route.auto.models: the weights sum to 0, so nothing could be chosen"),
            Row(
                "{ route: { intelligent: { axis: costs, models: [chat] } } }",
                "f:8: policies.p.route.intelligent.axis: `costs` is not known; did you mean `cost`?"),
            Row("{ route: { intelligent: { axis: cost } } }", "f:8: policies.p.route.intelligent.models: is missing: the models to choose from"),
            Row(
                "{ route: { conditional: { branches: [ { when: { tags.a: { matches: '(' } }, route: chat } ] } } }",
                "f:8: policies.p.route.conditional.branches[0].when.tags.a.matches: is no regular expression we can run"),
            Row(
                "{ route: { conditional: { branches: [ { when: { request.modell: a }, route: chat } ] } } }",
                "f:8: policies.p.route.conditional.branches[0].when.request.modell: there is no field `request.modell`; did you mean `request.model`?"
            ),
            Row(
                "{ route: { conditional: { branches: [ { when: { tags.a: { eqq: 1 } }, route: chat } ] } } }",
                "f:8: policies.p.route.conditional.branches[0].when.tags.a.eqq: there is no operator `eqq`; did you mean `eq`? There are \(operators)"
            ),
            Row(
                "{ route: { conditional: {} } }", "f:8: policies.p.route.conditional.branches: is missing: conditions and what serves when they hold"),
            Row(
                "{ rules: [ { name: r, when: { tags.a: 1 }, then: { mode: chep } } ] }", "f:8: policies.p.rules[0].then.mode: `chep` is not known"),
            Row(
                "{ rules: [ { name: r, when: { tags.a: 1 }, then: { provider: locl } } ] }",
                "f:8: policies.p.rules[0].then.provider: there is no provider `locl`; did you mean `local`?"),
            Row(
                "{ rules: [ { name: r, when: { tags.a: 1 }, then: { route: { fallback: [nobody] } } } ] }",
                "f:8: policies.p.rules[0].then.route.fallback[0]: there is no model `nobody`"),
            Row("{ retry: { on: [timout] } }", "f:8: policies.p.retry.on[0]: there is no fault `timout`; did you mean `timeout`?"),
            Row("{ retry: { monthly_budget: 1.5 } }", "f:8: policies.p.retry.monthly_budget: `1.5` is not valid; expected a whole number"),
            Row("{ hedge: { after: p99 } }", "f:8: policies.p.hedge.after: `p99` is not valid; expected p95, or a duration such as 800ms"),
            Row(
                "{ hedge: { max_extra: 120% } }",
                "f:8: policies.p.hedge.max_extra: `120%` is not valid; expected a share of 0 to 1 such as 0.05 or 5%"),
            Row("{ commit_gate: { token: 3 } }", "f:8: policies.p.commit_gate.token: unknown setting `token`; did you mean `tokens`?"),
            Row("{ route: chat, primary: chat }", "f:8: policies.p.primary: has no meaning beside `route`: say either"),
            Row(
                "{ fallback_chain: [ { provider: local, model: x } ] }", "f:8: policies.p.primary: is missing: what serves before the fallback chain"),
            Row(
                "{ primary: chat, fallback_chain: [ { provider: local, model: x, virtual_key: lost } ] }",
                "f:8: policies.p.fallback_chain[0].virtual_key: there is no key `lost`; expected `app`"),
            Row("{ virtual_key: lost, route: chat }", "f:8: policies.p.virtual_key: there is no key `lost`; expected `app`"),
            Row(
                "{ default_strategy: { type: priorty, providers: [ { provider: local, model: x } ] } }",
                "f:8: policies.p.default_strategy.type: there is no strategy `priorty`; did you mean `priority`?"),
            Row(
                "{ default_strategy: { type: priority, providers: [] } }", "f:8: policies.p.default_strategy.providers: has no routes to choose from"),
        ])
    func policies(row: Row) {
        let compilation = compile(good + "policies: { p: \(row.policy) }")
        #expect(compilation.blueprint == nil)
        let found = compilation.problems.errors.map { $0.text(file: "f") }
        #expect(found.contains { $0.hasPrefix(row.expected) }, "\(found)")
    }

    @Test(
        "of other sections too",
        arguments: [
            ("default_router: chta", "f:8: default_router: there is no model `chta`; did you mean `chat`?"),
            ("routes: { chat: local/x }", "f:8: routes.chat: `chat` is the name of a model group or of another route already"),
            ("routes: [ { strategy: cost, models: [chat] } ]", "f:8: routes[0].name: is missing: the name of the route"),
            ("routes: [ { name: r, strategy: cots, models: [chat] } ]", "f:8: routes[0].strategy: there is no strategy `cots`"),
            ("routers: { r: { targets: [ { model: x/y } ] } }", "f:8: routers.r.targets[0].model: there is no model `x/y`"),
            ("routes: { a: { fallback: [b] }, b: { fallback: [a] } }", "f:8: routes.a: route a: refers to itself: a -> b -> a"),
            ("projects: { a: { policy: nobody } }", "f:8: projects.a.policy: there is no policy `nobody`"),
            (
                "policies: { d: { expires: 2030-01-01, route: chat } }\nprojects: { a: { policy: d } }",
                "f:9: projects.a.policy: `d` is a draft: requests ask for it by name"
            ),
            (
                "policies: { a: { virtual_key: app, route: chat }, b: { virtual_key: app, route: chat } }",
                "f:8: policies.b.virtual_key: `app` has the policy `a` already; switch one of them off"
            ),
            ("router: { strategy: ltency }", "f:8: router.strategy: there is no strategy `ltency`; did you mean `latency`?"),
            ("regions: { prefixes: { nowhere: eu } }", "f:8: regions.prefixes.nowhere: is no prefix of addresses"),
        ])
    func sections(text: String, expected: String) {
        let compilation = compile(good + text)
        #expect(compilation.blueprint == nil)
        let found = compilation.problems.errors.map { $0.text(file: "f") }
        #expect(found.contains { $0.hasPrefix(expected) }, "\(found)")
    }

    @Test(
        "of keys",
        arguments: [
            ("project: nobody", "f:7: keys.app.project: there is no project `nobody`"),
            ("policy: nobody", "f:7: keys.app.policy: there is no policy `nobody`"),
            ("overrides: [rooter]", "f:7: keys.app.overrides[0]: there is nothing to override called `rooter`; did you mean `router`?"),
            ("regions: [eu], denied_regions: [eu]", "f:7: keys.app.denied_regions: `eu` is both allowed and denied"),
        ])
    func keys(text: String, expected: String) {
        let found = compile(good.replacing("app: {", with: "app: { \(text),")).problems.errors.map { $0.text(file: "f") }
        #expect(found.contains { $0.hasPrefix(expected) }, "\(found)")
    }

    @Test("a tree nested deeper than ten is refused where it is too deep")
    func depth() {
        func route(_ levels: Int) -> String {
            String(repeating: "{ fallback: [", count: levels) + "local/x" + String(repeating: "] }", count: levels)
        }
        #expect(compile(good + "policies: { p: { route: \(route(9)) } }").blueprint != nil)
        let found = compile(good + "policies: { p: { route: \(route(10)) } }").problems.map { $0.text(file: "f") }
        #expect(found == ["f:8: policies.p.route\(String(repeating: ".fallback[0]", count: 10)): is nested deeper than 10"])
    }
}
