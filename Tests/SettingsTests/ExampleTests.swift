import Routing
import Schema
import Settings
import Testing

@Suite("Examples") struct ExampleTests {
    @Test("there is one for each family of strategies and each kind of policy")
    func complete() {
        let names = [
            "strategies/fallback", "strategies/shares", "strategies/load", "strategies/measured", "strategies/cost", "strategies/geographic",
            "strategies/conditional", "strategies/auto", "policies/default", "policies/latency", "policies/projects", "policies/tokenvue",
            "policies/merge", "named-routes", "full",
        ]
        for name in names { #expect(Files.examples.contains("examples/\(name).yaml"), "\(name)") }
    }

    @Test("none says anything that has no effect, but for the score of prompts and what belongs to other parts", arguments: Files.examples)
    func effective(path: String) {
        let compilation = compile(Files.text(path))
        let others = ["guardrails", "firewall", "keys.", "projects.", "providers.", "rules", "policies.default.rules"]
        for warning in compilation.problems.warnings where !others.contains(where: { warning.path.hasPrefix($0) }) {
            #expect(warning.message.hasPrefix("prompts are not scored yet"), "\(warning.text(file: path))")
        }
    }
}
