import Schema
import Testing

@testable import Settings

@Suite("Import: LiteLLM's config.yaml in our words") struct LiteLLMDocumentTests {
    private static func read(_ yaml: String, _ environment: [String: String] = [:]) throws -> LiteLLMDocument {
        var problems: [Problem] = []
        let root = try #require(YAML.read(yaml, problems: &problems))
        return try #require(LiteLLMDocument(root, environment: environment))
    }

    private static func item(_ params: String, _ more: String = "") -> String {
        "model_list:\n  - { model_name: chat, litellm_params: { \(params) }\(more) }\n"
    }

    @Test(
        "whose model it is, and its name there",
        arguments: [
            ("model: openai/gpt-4o", "openai", "openai", "gpt-4o"),
            ("model: gpt-4o", "openai", "openai", "gpt-4o"),
            ("model: claude-sonnet-4-5", "anthropic", "anthropic", "claude-sonnet-4-5"),
            ("model: bedrock/converse/anthropic.claude-x, aws_region_name: us-east-1", "bedrock", "bedrock", "anthropic.claude-x"),
            ("model: vertex_ai/gemini-2.5-pro, vertex_project: p, vertex_location: global", "vertex", "vertex", "gemini-2.5-pro"),
            ("model: openrouter/anthropic/claude-x", "openrouter", "openrouter", "anthropic/claude-x"),
            ("model: fireworks_ai/accounts/f/models/m", "fireworks", "fireworks", "accounts/f/models/m"),
            ("model: openai/m, api_base: 'http://10.0.0.1/v1'", "openai", "openai_compatible", "m"),
            ("model: m, custom_llm_provider: together_ai", "together", "together", "m"),
            ("model: hosted_vllm/m, api_base: 'http://10.0.0.1:8000/v1'", "vllm", "vllm", "m"),
        ] as [(String, String, String, String)])
    func providers(params: String, name: String, type: String, model: String) throws {
        let document = try Self.read(Self.item(params)).document
        #expect(document["providers"]?[name]?["type"]?.scalar == type)
        let leaf = document["models"]?["chat"]?["deployments"]?.items?.first
        #expect(leaf?["provider"]?.scalar == name)
        #expect(leaf?["model"]?.scalar == model)
    }

    @Test(
        "what a deployment says, in our words",
        arguments: [
            ("model: gpt-4o, rpm: 60, weight: 3", "", ["rpm": "60", "weight": "3"]),
            ("model: gpt-4o, input_cost_per_token: 2.5e-06, output_cost_per_token: 0.00001", "", ["input_price": "2.5", "output_price": "10"]),
            ("model: gpt-4o, region_name: eu, num_retries: 2", "", ["region": "eu", "max_retries": "2"]),
            (
                "model: gpt-4o", ", model_info: { id: one, base_model: gpt-4o, max_input_tokens: 1000 }",
                ["name": "one", "base_model": "gpt-4o", "context_window": "1000"]
            ),
        ] as [(String, String, [String: String])])
    func deployments(params: String, more: String, expected: [String: String]) throws {
        let leaf = try #require(try Self.read(Self.item(params, more)).document["models"]?["chat"]?["deployments"]?.items?.first)
        for (name, value) in expected { #expect(leaf[name]?.scalar == value, "\(name)") }
    }

    @Test(
        "what does not map is told with its place",
        arguments: [
            (Self.item("model: replicate/m"), "model_list[0].litellm_params.model", "there is no provider type `replicate`"),
            (Self.item("model: something"), "model_list[0].litellm_params.model", "cannot be told"),
            (Self.item("model: gpt-4o, mock_response: x"), "model_list[0].litellm_params.mock_response", "no counterpart"),
            (Self.item("model: gpt-4o, api_key: sk-x"), "model_list[0].litellm_params.api_key", "plain text"),
            (Self.item("model: azure/m, api_base: os.environ/BASE"), "model_list[0].litellm_params.api_base", "variable BASE"),
            (Self.item("model: 'openai/*'"), "model_list[0]", "openai/MODEL"),
            (Self.item("model: gpt-4o, input_cost_per_token: cheap"), "model_list[0].litellm_params.input_cost_per_token", "USD per token"),
            ("model_list: [ { model_name: chat } ]", "model_list[0]", "it needs `model_name`"),
            ("router_settings: { redis_host: x }", "router_settings.redis_host", "PostgreSQL"),
            ("litellm_settings: { cache: true }", "litellm_settings.cache", "`cache: { ttl: 1h }` of a model"),
            ("litellm_settings: { cache_params: {} }", "litellm_settings.cache_params", "see cache"),
            ("litellm_settings: { max_budget: 5, budget_duration: 3d }", "litellm_settings.budget_duration", "expected 1d"),
            ("general_settings: { master_key: x }", "general_settings.master_key", "SWIFTLET_ADMIN_TOKEN"),
            ("model_list: []\nfiles_settings: []", "files_settings", "no counterpart"),
        ] as [(String, String, String)])
    func remarks(yaml: String, path: String, words: String) throws {
        let remarks = try Self.read(yaml).remarks
        #expect(remarks.contains { $0.path == path && $0.message.contains(words) && $0.line > 0 }, "\(remarks)")
    }

    @Test("nothing written in a document is lost silently") func nothingLost() throws {
        let sections = ["router_settings", "litellm_settings", "general_settings"]
        for section in sections {
            let read = try Self.read("\(section): { some_new_setting: 1 }")
            #expect(read.remarks.map(\.path) == ["\(section).some_new_setting"])
        }
    }

    @Test("orders become tiers of a fallback") func orders() throws {
        let yaml = """
            model_list:
              - { model_name: chat, litellm_params: { model: gpt-4o, order: 2 } }
              - { model_name: chat, litellm_params: { model: claude-x, order: 1 } }
              - { model_name: chat, litellm_params: { model: gpt-4o-mini, order: 2 } }
            """
        let tiers = try #require(try Self.read(yaml).document["models"]?["chat"]?["route"]?["fallback"]?.items)
        #expect(tiers.count == 2)
        #expect(tiers[0]["model"]?.scalar == "claude-x")
        #expect(tiers[1]["shuffle"]?.items?.map { $0["model"]?.scalar } == ["gpt-4o", "gpt-4o-mini"])
    }

    @Test("one provider for each account, however often it is named") func accounts() throws {
        let yaml = """
            model_list:
              - { model_name: a, litellm_params: { model: azure/x, api_base: 'https://eu.example.com', api_key: os.environ/EU } }
              - { model_name: b, litellm_params: { model: azure/y, api_base: 'https://eu.example.com', api_key: os.environ/EU } }
              - { model_name: a, litellm_params: { model: azure/x, api_base: 'https://us.example.com', api_key: os.environ/US } }
            """
        let providers = try #require(try Self.read(yaml).document["providers"]?.entries)
        #expect(providers.map(\.name) == ["azure", "azure-2"])
        #expect(providers.map { $0.node["api_key"]?.scalar } == ["env:EU", "env:US"])
    }

    @Test("what comes out of it is served") func compiles() throws {
        let yaml = """
            model_list:
              - { model_name: gpt-4o, litellm_params: { model: azure/x, api_base: 'https://eu.example.com', api_key: os.environ/KEY, rpm: 6 } }
              - { model_name: gpt-4o, litellm_params: { model: openai/gpt-4o, api_key: os.environ/KEY, temperature: 0.5 } }
              - { model_name: sonnet, litellm_params: { model: anthropic/claude-sonnet-4-5, api_key: os.environ/KEY } }
            router_settings:
              routing_strategy: latency-based-routing
              routing_strategy_args: { ttl: 60, lowest_latency_buffer: 0.2 }
              retry_policy: { RateLimitErrorRetries: 3 }
              allowed_fails_policy: { RateLimitErrorAllowedFails: 10 }
              model_group_alias: { chat: gpt-4o }
              provider_budget_config: { openai: { budget_limit: 10, time_period: 1d } }
            litellm_settings: { fallbacks: [ { gpt-4o: [sonnet] } ], request_timeout: 45, max_budget: 100, budget_duration: 30d }
            general_settings: { master_key: os.environ/MASTER, max_parallel_requests: 5 }
            """
        let read = try Self.read(yaml)
        let compilation = Blueprint.compile(read.document, environment: ["KEY": "sk-0123456789abcdef", "MASTER": "sk-master-0123456789"])
        #expect(compilation.problems.errors == [])
        let blueprint = try #require(compilation.blueprint)
        #expect(Set(blueprint.names.keys).isSuperset(of: ["gpt-4o", "sonnet", "chat"]))
        // As a document it can be written down and read again.
        var problems: [Problem] = []
        let again = try #require(YAML.read(YAMLText.text(read.document), problems: &problems))
        #expect(YAMLText.text(again) == YAMLText.text(read.document))
    }

    @Test("what is none of LiteLLM's is not read", arguments: ["providers: {}", "[1]", "text", "{}"])
    func noSuch(yaml: String) throws {
        var problems: [Problem] = []
        let root = try #require(YAML.read(yaml, problems: &problems))
        #expect(LiteLLMDocument(root) == nil)
    }
}
