import Schema
import Translation

/// The settings of a gateway that was given none: what the environment and this machine have to offer.
public enum Discovery {
    /// Where model servers usually listen on this machine; asked with GET /v1/models.
    public static let localServers: [(type: String, port: Int)] = [("ollama", 11_434), ("vllm", 8000), ("llamacpp", 8080), ("lmstudio", 1234)]

    /// Models offered for a key that was found, by provider type. Providers' model pages, read 2026-11.
    private static let usualModels: [String: [String]] = [
        "openai": ["gpt-5-mini", "gpt-5", "gpt-5-nano", "text-embedding-3-small"],
        "anthropic": ["claude-sonnet-4-5", "claude-haiku-4-5"],
        "gemini": ["gemini-2.5-flash", "gemini-2.5-pro"],
        "cohere": ["command-a-03-2025"],
        "mistral": ["mistral-small-latest", "mistral-large-latest"],
        "deepseek": ["deepseek-chat", "deepseek-reasoner"],
        "groq": ["llama-3.3-70b-versatile", "llama-3.1-8b-instant"],
        "xai": ["grok-4"],
        "openrouter": ["openrouter/auto"],
        "together": ["meta-llama/Llama-3.3-70B-Instruct-Turbo"],
        "perplexity": ["sonar", "sonar-pro"],
        "cerebras": ["llama-3.3-70b"],
        "moonshot": ["kimi-k2-turbo-preview"],
        "zai": ["glm-4.6"],
        "alibaba": ["qwen-plus", "qwen-max"],
    ]

    /// The name of the provider and the model group that need nothing but this process.
    public static let mock = "mock"
    /// The name of the one virtual key.
    public static let keyName = "local"

    /// A document for `Blueprint.compile`. `found` has the models that local servers listed; `key` is the text of the virtual key.
    public static func document(environment: [String: String], found: [(port: Int, models: [String])], key: String) -> Node {
        var providers: [(String, Node)] = []
        var groups: [(name: String, deployments: [(provider: String, model: String)])] = []
        // A server may list anything.
        func offer(_ model: String, at provider: String) {
            guard !model.isEmpty, model.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return }
            if let known = groups.firstIndex(where: { $0.name == model }) {
                groups[known].deployments.append((provider, model))
            } else {
                groups.append((model, [(provider, model)]))
            }
        }
        for type in Catalog.types {
            guard let variable = type.keyVariable, environment[variable]?.isEmpty == false else { continue }
            providers.append((type.name, .map([("type", .plain(type.name)), ("api_key", .plain("env:\(variable)"))])))
            for model in usualModels[type.name, default: []] { offer(model, at: type.name) }
        }
        for server in found {
            guard let type = localServers.first(where: { $0.port == server.port })?.type, !server.models.isEmpty else { continue }
            providers.append((type, .map([("type", .plain(type)), ("base_url", .text("http://127.0.0.1:\(server.port)/v1"))])))
            for model in server.models { offer(model, at: type) }
        }
        providers.append((mock, .map([("type", .plain(Mock.name))])))
        groups.removeAll { $0.name == mock }
        groups.append((mock, [(mock, mock)]))
        return .map([
            ("providers", .map(providers)), ("models", .map(groups.map { ($0.name, group($0.deployments)) })),
            ("policies", .map([("default", .map([("route", .text(groups[0].name))]))])),
            ("keys", .map([(keyName, .map([("key", .text(key))]))])),
        ])
    }

    private static func group(_ deployments: [(provider: String, model: String)]) -> Node {
        .map([("deployments", .list(deployments.map { .map([("provider", .text($0.provider)), ("model", .text($0.model))]) }))])
    }
}
