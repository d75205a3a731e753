import Routing
import Testing

@testable import Settings

@Suite("Capability of deployments") struct CapabilityOfDeploymentsTests {
    static func deployment(_ settings: String) throws -> Deployment {
        let text = """
            providers:
              openai: { type: openai, api_key: none }
              local: { type: openai_compatible, base_url: "http://127.0.0.1:9/v1", kind: self_hosted }
            models:
              chat: { deployments: [ \(settings) ] }
            """
        return try #require(compile(text).blueprint?.table.deployments.first)
    }

    @Test("declared, else by the vendor's price, else by what the settings say it costs, else nothing")
    func sources() throws {
        let declared = try Self.deployment("{ provider: openai, model: gpt-4o, quality: 0.3 }")
        let listed = try Self.deployment("{ provider: openai, model: gpt-4o }")
        let agreed = try Self.deployment("{ provider: openai, model: gpt-4o, input_price: 0.01, output_price: 0.01 }")
        #expect(declared.quality == 0.3 && listed.quality == nil)
        #expect(listed.capability != nil && listed.capability == agreed.capability, "a bargain does not make it stupid")
        let cheap = try Self.deployment("{ provider: local, model: own-model, input_price: 0.1, output_price: 0.1 }")
        let dear = try Self.deployment("{ provider: local, model: own-model, input_price: 10, output_price: 10 }")
        #expect(try #require(cheap.capability) < #require(dear.capability))
        #expect(try Self.deployment("{ provider: local, model: own-model }").capability == nil)
        let mini = try Self.deployment("{ provider: openai, model: gpt-4o-mini }")
        #expect(try #require(mini.capability) < #require(listed.capability))
    }
}
