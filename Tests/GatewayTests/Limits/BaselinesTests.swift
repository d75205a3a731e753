import Routing
import Settings
import Testing

@testable import Gateway

@Suite("Baselines of savings") struct BaselinesTests {
    private static let settings = """
        providers: { up: { type: openai_compatible, base_url: "http://127.0.0.1:9/v1" } }
        models:
          cheap: { deployments: [ { provider: up, model: cheap, input_price: 1, output_price: 2 } ] }
          dear: { deployments: [ { provider: up, model: dear, input_price: 10, output_price: 20 } ] }
          unknown: { deployments: [ { provider: up, model: unknown } ] }
          pool:
            deployments:
              - { provider: up, model: a, input_price: 3, output_price: 3 }
              - { provider: up, model: b, input_price: 3, output_price: 3 }
        routes:
          ordered: { fallback: [ up/cheap, up/dear ] }
          nested: { fallback: [ { fallback: [ dear, up/cheap ] }, up/unknown ] }
          spread: { shuffle: [ up/cheap, up/dear ] }
          first_unknown: { fallback: [ up/unknown, up/cheap, up/dear ] }
          chosen_first: { fallback: [ { cost: [ up/cheap, up/dear ] }, up/unknown ] }
        """

    @Test(
        "the primary of what is tried in order, else the dearest",
        arguments: [
            ("cheap", "up/cheap", Baseline.Choice.primary), ("ordered", "up/cheap", .primary), ("nested", "up/dear", .primary),
            ("spread", "up/dear", .mostCapable), ("first_unknown", "up/dear", .mostCapable), ("chosen_first", "up/dear", .mostCapable),
        ])
    func choice(route: String, deployment: String, choice: Baseline.Choice) throws {
        let blueprint = try #require(Blueprint.compile(yaml: Self.settings).blueprint)
        let id = try #require(blueprint.table.route(named: route))
        let found = try #require(Baselines(blueprint)[id])
        let table = blueprint.table
        #expect(table.deployments[found.deployment].name == deployment)
        #expect(found.choice == choice)
    }

    @Test("where nobody knows a price nothing is compared, where all have the same it is the same")
    func none() throws {
        let blueprint = try #require(Blueprint.compile(yaml: Self.settings).blueprint)
        let baselines = Baselines(blueprint)
        let (unknown, pool) = (try #require(blueprint.table.route(named: "unknown")), try #require(blueprint.table.route(named: "pool")))
        #expect(baselines[unknown] == nil)
        #expect(baselines[10_000] == nil)
        #expect(baselines.isUniform(route: pool))
        #expect(!baselines.isUniform(route: unknown))
    }
}
