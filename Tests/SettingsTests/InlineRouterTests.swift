import Routing
import Schema
import Settings
import Testing

@Suite("Trees that come with requests") struct InlineRouterTests {
    static let document = good.replacing(
        "chat: {", with: "big: { route: { cost: [local/large, chat] } }\n  chat: { aliases: [gpt],")

    func read(_ json: String, on yaml: String = document) throws -> InlineRouter {
        let blueprint = try #require(compile(yaml).blueprint)
        let node = try #require(JSONNode.read(json), "no JSON")
        return try InlineRouter.read(node, named: "inline", in: blueprint)
    }

    func problems(_ json: String) throws -> [String] {
        do {
            _ = try read(json)
            return []
        } catch let error as InlineProblems {
            return error.problems.map { "\($0.path): \($0.message)" }
        }
    }

    /// The deployments of the tree in the order written, after what is missing was added.
    func served(_ json: String) throws -> [String] {
        let blueprint = try #require(compile(Self.document).blueprint)
        let inline = try InlineRouter.read(try #require(JSONNode.read(json)), named: "inline", in: blueprint)
        let table = try blueprint.extended(by: inline.missing, version: 2).table.extended(by: [inline.route], version: 3)
        let route = try #require(table.route(named: "inline"))
        return table.deployments(of: route).map { table.deployments[$0].name }
    }

    @Test(
        "both of vLLora's shapes, our own trees, a name and a list",
        arguments: [
            (#""chat""#, ["local/smollm2"]), (#"["local/a", "chat"]"#, ["local/a", "local/smollm2"]),
            (#"{"fallback": ["chat", {"provider": "local", "model": "a", "params": {"top_k": 1}}]}"#, ["local/smollm2", "local/a"]),
            (
                #"{"type": "fallback", "targets": [{"model": "gpt"}, {"model": "local/large", "temperature": 0.5}]}"#,
                ["local/smollm2", "local/large"]
            ),
            (
                #"{"strategy": "percentage", "targets": [{"provider": "local", "model": "x", "weight": 90}, {"provider": "local", "model": "y", "weight": 10}]}"#,
                ["local/x", "local/y"]
            ),
            (
                #"{"name": "fast", "type": "optimized", "metric": "ttft", "metrics_duration": "Last15Minutes", "targets": [{"model": "local/*"}]}"#,
                ["local/large", "local/smollm2"]
            ),
            (
                #"{"type": "random", "targets": ["smollm2", {"model": "router/dynamic", "router": {"type": "fallback", "targets": ["local/z"]}}]}"#,
                ["local/smollm2", "local/z"]
            ),
            (
                #"{"type": "conditional", "routes": [{"conditions": {"metadata.region": {"$eq": "EU"}}, "targets": "big"}, {"targets": ["chat"]}]}"#,
                ["local/large", "local/smollm2"]
            ),
        ])
    func forms(json: String, expected: [String]) throws {
        #expect(try served(json) == expected)
    }

    @Test("what a target says beside its model is set in its requests")
    func params() throws {
        let inline = try read(#"{"type": "fallback", "targets": [{"model": "chat", "temperature": 0.2, "max_tokens": 5, "user": null}]}"#)
        guard case .choice(_, let branches) = inline.route.tree, case .with(let options, .named("chat")) = branches[0].route else {
            Issue.record("\(inline.route.tree)")
            return
        }
        #expect(options.params == #"{"temperature":0.2,"max_tokens":5}"#)
    }

    @Test("parameters of nested nodes add up, the inner ones last, and reach the attempt")
    func nestedParams() throws {
        let blueprint = try #require(compile(Self.document).blueprint)
        let json =
            #"{"type":"fallback","targets":[{"model":"router/dynamic","top_p":1,"n":1,"router":{"type":"fallback","targets":[{"model":"local/a","n":2}]}}]}"#
        let inline = try InlineRouter.read(try #require(JSONNode.read(json)), named: "inline", in: blueprint)
        let table = try blueprint.extended(by: inline.missing, version: 2).table.extended(by: [inline.route], version: 3)
        var router = Router(table: table, seed: 1)
        var journey = router.journey(route: try #require(table.route(named: "inline")))
        guard case .attempt(let attempt) = router.next(&journey, at: .zero) else {
            Issue.record("no attempt")
            return
        }
        #expect(table.options(of: attempt).params == #"{"top_p":1,"n":1,"n":2}"#)
    }

    @Test("what the table does not have is missing, each once, and numbered from its end on")
    func missing() throws {
        let blueprint = try #require(compile(Self.document).blueprint)
        let inline = try read(#"["local/new", "chat", "local/new", "local/newer"]"#)
        #expect(inline.missing.map(\.deployment.name) == ["local/new", "local/newer"])
        #expect(
            inline.mentions.map { "\($0.path) \($0.name)" } == [
                "router[0] local/new", "router[1] chat", "router[2] local/new", "router[3] local/newer",
            ])
        let extended = try blueprint.extended(by: inline.missing, version: 9)
        #expect(extended.version == 9 && extended.table.version == 9)
        #expect(extended.upstreams.count == extended.table.deployments.count)
        #expect(extended.names["local/new"]?.hidden == true)
        for (id, deployment) in blueprint.table.deployments.enumerated() { #expect(extended.table.deployments[id] == deployment) }
        for (id, route) in blueprint.table.routes.enumerated() { #expect(extended.table.routes[id].name == route.name) }
        let again = try InlineRouter.read(try #require(JSONNode.read(#""local/new""#)), named: "inline", in: extended)
        #expect(again.missing.isEmpty)
    }

    @Test("a request's own fallbacks: names, or parts of requests")
    func fallbacks() throws {
        let blueprint = try #require(compile(Self.document).blueprint)
        let node = try #require(JSONNode.read(#"["gpt", {"model": "local/large", "temperature": 0}]"#))
        let inline = try InlineRouter.readFallbacks(node, named: "f", in: blueprint)
        guard case .choice(let strategy, let branches) = inline.route.tree else {
            Issue.record("no choice")
            return
        }
        #expect(strategy is Fallback && branches.count == 2)
        let bad = try #require(JSONNode.read(#"["gpt", {"model": "lage"}]"#))
        #expect(throws: InlineProblems.self) { try InlineRouter.readFallbacks(bad, named: "f", in: blueprint) }
    }

    static func nested(_ levels: Int) -> String {
        String(repeating: #"{"fallback":["#, count: levels) + #""chat""# + String(repeating: "]}", count: levels)
    }

    static func patterns(_ count: Int, _ word: String) -> String {
        let branches = (0..<count).map { #"{"conditions":{"tags.a":{"\#(word)":"^\#($0)"}},"targets":"chat"}"# }.joined(separator: ",")
        return #"{"type":"conditional","routes":[\#(branches)]}"#
    }

    @Test(
        "what is wrong is said with its path in the JSON",
        arguments: [
            (
                #"{"type":"percentage","targets":["chat",{"model":"chta","temperature":1}]}"#,
                "router.targets[1].model: there is no model `chta`; did you mean `chat`?"
            ),
            (#"{"type":"percentage","targets":[]}"#, "router.targets: has no routes to choose from"),
            (#"{"type":"percentage"}"#, "router.targets: is missing: the routes to choose from"),
            (
                #"{"type":"percentage","targets":["chat","big"],"targets_percentages":[0,0]}"#,
                "router.targets: the weights sum to 0, so nothing could be chosen"
            ),
            (
                #"{"type":"percentage","targets":["chat","big"],"targets_percentages":[1,-1]}"#,
                "router.targets_percentages[1]: `-1` is not valid; expected 0 or more"
            ),
            (#"{"type":"fallbak","targets":["chat"]}"#, "router.type: there is no strategy `fallbak`; did you mean `fallback`?"),
            (
                #"{"type":"optimized","metric":"spead","targets":["chat"]}"#,
                "router.metric: `spead` is not known; expected `requests`, `latency`, `ttft`, `tps`, `error_rate`, `cost`, `price`, `success_rate`, `throughput`"
            ),
            (
                #"{"type":"optimized","metrics_duration":"LastYear","targets":["chat"]}"#,
                "router.metrics_duration: `LastYear` is not valid; expected 15m, 1h, another duration of 1s to 1h, or total"
            ),
            (
                #"{"type":"script","script":"route()"}"#,
                "router.type: a script is not run here; say the same with `conditional`, whose conditions see the request and its tags"
            ),
            (#"{"type":"conditional","routes":[]}"#, "router.routes: is missing: the routes and their conditions"),
            (
                #"{"type":"conditional","routes":[{"conditions":{"tag.x":{"eq":1}},"targets":"chat"}]}"#,
                "router.routes[0].conditions.tag.x: there is no field `tag.x`; did you mean `tags.x`?"
            ),
            (
                #"{"fallback":[{"provider":"local","model":"a","api_key":"k"}]}"#,
                "router.fallback[0].api_key: unknown setting `api_key`; expected `provider`, `model`, `weight`, `on`, `timeout`, `max_retries`, `params`"
            ),
            (
                #"{"fallback":[{"provider":"local","model":"a","virtual_key":"app"}]}"#,
                "router.fallback[0].virtual_key: unknown setting `virtual_key`; expected `provider`, `model`, `weight`, `on`, `timeout`, `max_retries`, `params`"
            ),
            (#"{"targets":[{"provider":"nobody","model":"a"}]}"#, "router.targets[0].provider: there is no provider `nobody`; expected `local`"),
            (
                #"{"auto":{"mode":"speed","models":["chat"]}}"#,
                "router.auto.mode: `speed` is not known; expected `balance`, `cost`, `quality`, `latency`"
            ),
            ("7", "router: there is no model `7`; expected `auto`, `big`, `chat`, `gpt`"),
            ("null", "router: expected a name or a route, found nothing"),
            ("[]", "router: has no routes to choose from"),
            (
                patterns(17, "$regex"), "router: has 17 regular expressions; a request may bring 16, name a route of the settings instead"
            ),
            (nested(10), "router\(String(repeating: ".fallback[0]", count: 10)): is nested deeper than 10"),
        ])
    func wrong(json: String, problem: String) throws {
        let found = try problems(json)
        #expect(found.first == problem)
    }

    @Test("sixteen regular expressions are not too many")
    func patternsInBounds() throws { #expect(try problems(Self.patterns(16, "matches")).isEmpty) }

    @Test("nine nested choices and their leaf are not too deep")
    func depth() throws {
        #expect(try served(Self.nested(9).replacing("chat", with: "local/a")) == ["local/a"])
    }

    @Test("whatever JSON comes, it is a route or has problems", arguments: 0..<20)
    func mutations(seed: Int) throws {
        var chance = MutationTests.Chance(state: UInt64(seed))
        let scraps = ["null", "[]", "{}", "7", "\"\"", "\"local/*\"", "\"*\"", "-1", "true", "{\"type\":\"auto\"}", "\"router/dynamic\"", "1e9"]
        let seedText =
            #"{"type":"conditional","pre_request":[{"name":"q","type":"rate_limiter","limit":1}],"routes":[{"conditions":{"pre_request.q.passed":true},"targets":{"$any":["chat","big"],"filter":{"error_rate":{"lt":0.5}},"sort_by":"ttft"}},{"targets":[{"model":"router/dynamic","router":{"type":"percentage","targets":["chat","local/q"],"targets_percentages":[1,2]}}]}]}"#
        let blueprint = try #require(compile(Self.document).blueprint)
        for round in 0..<40 {
            var tokens = seedText.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            for _ in 0..<Int.random(in: 1...2, using: &chance) {
                let at = Int.random(in: 0..<tokens.count, using: &chance)
                if let colon = tokens[at].firstIndex(of: ":"), let scrap = scraps.randomElement(using: &chance) {
                    tokens[at] = tokens[at][...colon] + scrap
                } else {
                    tokens.remove(at: at)
                }
            }
            // Closed again, so that most of it is JSON.
            var text = tokens.joined(separator: ",")
            var open: [Character] = []
            for letter in text { if "{[".contains(letter) { open.append(letter) } else if "}]".contains(letter), !open.isEmpty { open.removeLast() } }
            text += String(open.reversed().map { $0 == "{" ? "}" : "]" })
            guard let node = JSONNode.read(text) else { continue }
            do {
                let inline = try InlineRouter.read(node, named: "inline", in: blueprint)
                let base = try blueprint.extended(by: inline.missing, version: 2)
                _ = try? base.table.extended(by: [inline.route], version: 3)
            } catch let error as InlineProblems {
                #expect(!error.problems.isEmpty, "seed \(seed), round \(round)")
            }
        }
    }
}
