import Schema
import Settings
import Testing

@Suite("Starting without a file") struct DiscoveryTests {
    func start(_ environment: [String: String], _ found: [(port: Int, models: [String])] = []) throws -> Blueprint {
        let document = Discovery.document(environment: environment, found: found, key: "sk-made")
        let compilation = Blueprint.compile(document, environment: environment)
        #expect(compilation.problems == [])
        return try #require(compilation.blueprint)
    }

    @Test("with nothing at all there is the mock, under its name and as the default")
    func nothing() throws {
        let blueprint = try start([:])
        #expect(blueprint.names["mock"] != nil)
        #expect(blueprint.defaultRoute != nil)
        #expect(blueprint.mocks.map(\.providerName) == ["mock"])
        #expect(blueprint.keys.map(\.name) == ["local"])
        #expect(blueprint.keys[0].secret.reveal() == "sk-made")
        #expect(blueprint.server.listen.port == 8080)
    }

    @Test("keys in well-known variables are providers; empty ones are none")
    func keys() throws {
        let blueprint = try start(["OPENAI_API_KEY": "sk-a", "GROQ_API_KEY": "sk-b", "MISTRAL_API_KEY": "", "SWIFTLET_SERVER_LISTEN": "127.0.0.1:9"])
        #expect(Set(blueprint.upstreams.map(\.providerName)) == ["openai", "groq", "mock"])
        #expect(blueprint.names["gpt-5-mini"] != nil)
        #expect(blueprint.names["groq/llama-3.1-8b-instant"] != nil)
        #expect(blueprint.server.listen.port == 9)
    }

    @Test("a local server may list anything; what is no name is passed over")
    func oddities() throws {
        let odd = ["", "a", "a", "x\r\ny: z", "~", "{ a: b }", "mock", "vllm/a", "default", "\u{0}"]
        let blueprint = try start([:], [(port: 8000, models: odd)])
        let names = Set(blueprint.table.deployments.map(\.name))
        #expect(names == ["vllm/a", "vllm/~", "vllm/{ a: b }", "vllm/vllm/a", "vllm/default", "mock/mock"])
    }

    @Test("models of local servers are groups; the same model on two servers is one group")
    func local() throws {
        let blueprint = try start([:], [(port: 11_434, models: ["tiny:1b", "shared"]), (port: 8000, models: ["shared"]), (port: 1234, models: [])])
        #expect(Set(blueprint.upstreams.map(\.providerName)) == ["ollama", "vllm", "mock"])
        let shared = try #require(blueprint.names["shared"])
        #expect(blueprint.table.deployments(of: shared.route).count == 2)
        #expect(blueprint.names["tiny:1b"] != nil)
        #expect(blueprint.defaultRoute.map { blueprint.table.deployments(of: $0).count } == 1)
    }
}
