import Routing
import Testing

@Suite("Inferred capability") struct InferredCapabilityTests {
    /// Dollars per million tokens of prompt and answer, release, and the share of CRUXEval's predictions that were right among those of
    /// `training/capability`, which has all models and sets.
    struct Model {
        var name: String
        var input: Double
        var output: Double
        var released: Double
        var right: Double

        var price: Double { (3 * input + output) / 4 }
        var inferred: Double { InferredCapability.of(input: input, output: output, released: released) }
    }

    static let models = [
        Model(name: "gpt-4-turbo-2024-04-09", input: 10, output: 30, released: 2024.25, right: 0.768),
        Model(name: "gpt-4o-2024-05-13", input: 5, output: 15, released: 2024.33, right: 0.849),
        Model(name: "gpt-4o-mini-2024-07-18", input: 0.15, output: 0.6, released: 2024.5, right: 0.750),
        Model(name: "gpt-3.5-turbo-0125", input: 0.5, output: 1.5, released: 2024.0, right: 0.528),
        Model(name: "o1-preview-2024-09-12", input: 15, output: 60, released: 2024.67, right: 0.972),
        Model(name: "o1-mini-2024-09-12", input: 3, output: 12, released: 2024.67, right: 0.936),
        Model(name: "claude-3-opus-20240229", input: 15, output: 75, released: 2024.08, right: 0.747),
        Model(name: "claude-3-haiku-20240307", input: 0.25, output: 1.25, released: 2024.17, right: 0.574),
        Model(name: "claude-3-5-sonnet-20241022", input: 3, output: 15, released: 2024.75, right: 0.857),
        Model(name: "gemini-1.5-pro", input: 3.5, output: 10.5, released: 2024.33, right: 0.676),
        Model(name: "gemini-1.5-flash", input: 0.35, output: 1.05, released: 2024.33, right: 0.630),
        Model(name: "Mistral-Large-2", input: 3, output: 9, released: 2024.5, right: 0.747),
        Model(name: "Meta-Llama-3.1-405B-Instruct", input: 4, output: 4, released: 2024.5, right: 0.730),
        Model(name: "Meta-Llama-3.1-70B-Instruct", input: 0.88, output: 0.88, released: 2024.5, right: 0.663),
        Model(name: "Meta-Llama-3.1-8B-Instruct", input: 0.18, output: 0.18, released: 2024.5, right: 0.403),
        Model(name: "Qwen2.5-72B-Instruct", input: 1.2, output: 1.2, released: 2024.67, right: 0.719),
        Model(name: "gemma-2-2b-it", input: 0.1, output: 0.1, released: 2024.5, right: 0.245),
        Model(name: "Phi-3-mini-4k-instruct", input: 0.13, output: 0.52, released: 2024.25, right: 0.436),
        Model(name: "grok-2-1212", input: 2, output: 10, released: 2024.92, right: 0.753),
        Model(name: "reka-core-20240501", input: 10, output: 25, released: 2024.25, right: 0.457),
    ]

    @Test("beyond a fourfold price the order of two models is right in at least 85 of 100 cases")
    func order() {
        var (right, pairs) = (0, 0)
        for (index, a) in Self.models.enumerated() {
            for b in Self.models[(index + 1)...] where max(a.price, b.price) >= 4 * min(a.price, b.price) && abs(a.right - b.right) > 0.05 {
                pairs += 1
                if (a.inferred > b.inferred) == (a.right > b.right) { right += 1 }
            }
        }
        #expect(pairs > 80)
        #expect(Double(right) / Double(pairs) >= 0.85, "\(right) of \(pairs)")
    }

    @Test("dearer and newer is better, between 0 and 1 whatever it costs; of an unknown year nearer to the middle")
    func scale() {
        let prices = [0, 0.01, 0.1, 1, 3, 10, 100, 1e9]
        for (low, high) in zip(prices, prices.dropFirst()) {
            for year in [nil, 2023.2, 2025.5, 2026.9, 1.0, 1e9] {
                let pair = [low, high].map { InferredCapability.of(input: $0, output: $0, released: year) }
                #expect(pair[0] <= pair[1] && pair[0] > 0 && pair[1] < 1)
                if low >= 0.1 { #expect(pair[0] < pair[1]) }
            }
        }
        #expect(InferredCapability.of(input: 1, output: 1, released: 2026) > InferredCapability.of(input: 1, output: 1, released: 2024))
        let (known, unknown) = (
            InferredCapability.of(input: 30, output: 30, released: 2025.5), InferredCapability.of(input: 30, output: 30, released: nil)
        )
        #expect(known > unknown && unknown > 0.5)
        #expect(InferredCapability.of(input: .infinity, output: 1, released: nil) == 0.5)
    }

    @Test(
        "a date in a name says when",
        arguments: [
            ("gpt-4o-2024-08-06", 2024.6), ("claude-3-5-sonnet-20241022", 2024.81), ("anthropic.claude-3-7-sonnet-20250219-v1:0", 2025.13),
            ("gpt-4-0613", nil), ("model-20241322", nil), ("m-12024-08-06", nil), ("x-202408061", nil), ("", nil), ("2024-08", nil),
            ("v2-2031-12-31", 2032.0),
        ] as [(String, Double?)])
    func dates(_ name: String, _ wanted: Double?) {
        let found = InferredCapability.releaseYear(in: name)
        #expect((found == nil) == (wanted == nil))
        if let found, let wanted { #expect(abs(found - wanted) < 0.02, "\(found)") }
    }
}
