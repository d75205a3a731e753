import Settings
import Testing

@testable import Console

@Suite("Paths of prices") struct PricePathTests {
    @Test(
        "names have slashes and dots, encoded or not; a member at the end is one of the row",
        arguments: [
            ("prices", ["prices"]), ("prices/openai/gpt-5.1", ["prices", "openai/gpt-5.1"]), ("prices.openai/gpt-5.1", ["prices", "openai/gpt-5.1"]),
            ("prices/openai%2Fgpt-5.1", ["prices", "openai/gpt-5.1"]), ("prices.openai%2Fgpt-5.1", ["prices", "openai/gpt-5.1"]),
            ("prices/openrouter/meta-llama/llama-3", ["prices", "openrouter/meta-llama/llama-3"]),
            ("prices/openrouter/meta-llama/llama-3/input", ["prices", "openrouter/meta-llama/llama-3", "input"]),
            ("prices.openai/gpt-5.1.cached_input", ["prices", "openai/gpt-5.1", "cached_input"]),
            ("prices/openai%2Fgpt-5/prices", ["prices", "openai/gpt-5", "prices"]), ("prices/openai/input", ["prices", "openai/input"]),
            ("prices/openai/odd/output", ["prices", "openai/odd/output"]), ("prices_file", nil), ("models/prices/x", nil), ("price/x", nil),
        ] as [(String, [String]?)])
    func places(path: String, expected: [String]?) {
        let section = JSONNode.read(#"{"openai/odd/output":{"input":1,"output":2}}"#)
        #expect(PricePath.place(AdminCall("GET", "/" + path).path, set: section) == expected)
    }
}
