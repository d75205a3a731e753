import Schema
import Translation

/// The providers that a list of models of LiteLLM's names in passing: each combination of type, address and credential is one.
struct LiteLLMProviders {
    private struct Known {
        var name: String
        /// LiteLLM's name of the type, for its budgets.
        var word: String
        var members: [(String, Node)]
        var budget: Node?
    }

    var environment: [String: String] = [:]
    private(set) var remarks: [Problem] = []
    private var known: [Known] = []

    /// LiteLLM's prefixes by our types, where the two differ.
    private static let types = [
        "azure_ai": "openai_compatible", "vertex_ai": "vertex", "vertex_ai_beta": "vertex", "together_ai": "together", "fireworks_ai": "fireworks",
        "hosted_vllm": "vllm", "ollama_chat": "ollama", "lm_studio": "lmstudio", "meta_llama": "meta", "dashscope": "alibaba",
        "bedrock_converse": "bedrock", "cohere_chat": "cohere", "custom_openai": "openai_compatible", "openai_like": "openai_compatible",
        "litellm_proxy": "openai_compatible", "text-completion-openai": "openai", "llamafile": "openai_compatible", "azure_text": "azure",
    ]
    /// What a credential or address is called there, and here.
    private static let members = [
        ("api_base", "base_url"), ("base_url", "base_url"), ("api_key", "api_key"), ("api_version", "api_version"),
        ("organization", "organization"), ("extra_headers", "headers"), ("vertex_project", "project"), ("vertex_location", "location"),
        ("vertex_credentials", "credentials"), ("aws_access_key_id", "access_key_id"), ("aws_secret_access_key", "secret_access_key"),
        ("aws_session_token", "session_token"), ("aws_profile_name", "profile"), ("aws_region_name", "region"), ("azure_ad_token", "access_token"),
    ]
    static let memberNames = Set(members.map(\.0) + ["custom_llm_provider"])
    private static let secrets: Set = ["api_key", "access_key_id", "secret_access_key", "session_token", "credentials", "access_token"]

    /// The name of the provider that a deployment is at; nil: a remark says why it cannot be told.
    mutating func name(for model: String, _ params: Node, at path: String) -> String? {
        let line = params["model"]?.line ?? params.line
        guard let word = Self.word(model, params) else {
            remark(path.setting("model"), line, "is left out: whose model `\(model)` is cannot be told; expected PROVIDER/MODEL")
            return nil
        }
        var type = Self.types[word] ?? word
        // What speaks as OpenAI does elsewhere is no account there.
        if type == "openai", let base = params["api_base"]?.scalar ?? params["base_url"]?.scalar, !base.contains("api.openai.com") {
            type = "openai_compatible"
        }
        guard let kind = Catalog.type(named: type) else {
            let help = Spelling.help(for: type, among: Catalog.types.map(\.name))
            remark(path.setting("model"), line, "is left out: there is no provider type `\(word)`\(help)")
            return nil
        }
        var written: [(String, Node)] = [("type", .plain(type))]
        for (theirs, ours) in Self.members {
            guard let entry = params.entry(theirs), !entry.node.isNull, !written.contains(where: { $0.0 == ours }) else { continue }
            if let node = member(ours, entry, type, at: path.setting(theirs)) { written.append((ours, node)) }
        }
        if !written.contains(where: { $0.0 == "api_key" }), let variable = kind.keyVariable ?? (type == "azure" ? "AZURE_API_KEY" : nil) {
            written.append(("api_key", .plain("env:\(variable)")))
        }
        let names = Self.names(of: kind)
        written.removeAll { member in
            guard !names.contains(member.0), member.0 != "type" else { return false }
            remark(path, line, "`\(member.0)` means nothing to a provider of type `\(type)` and is left out")
            return true
        }
        return add(word, type, written)
    }

    private static func names(of type: ProviderType) -> Set<String> {
        Set(type.fields.map(\.name) + ["base_url", "api_key", "headers", "region"])
    }

    private mutating func member(_ name: String, _ entry: Node.Entry, _ type: String, at path: String) -> Node? {
        if name == "headers" { return .map((entry.node.entries ?? []).map { ($0.name, Self.secret($0.node)) }) }
        guard let text = entry.node.scalar else { return nil }
        if Self.secrets.contains(name) {
            if !text.hasPrefix(Self.variable) { remark(path, entry.line, "stands here in plain text; better is env:NAME or file:PATH") }
            return Self.secret(entry.node)
        }
        guard let plain = resolved(text) else {
            remark(path, entry.line, "names the variable \(text.dropFirst(Self.variable.count)), which is not set now: write its value here")
            return nil
        }
        return .text(name == "base_url" ? Self.address(plain, type) : plain)
    }

    private static let variable = "os.environ/"

    private func resolved(_ text: String) -> String? {
        guard text.hasPrefix(Self.variable) else { return text }
        return environment[String(text.dropFirst(Self.variable.count))]
    }

    /// `os.environ/NAME` is `env:NAME`.
    static func secret(_ node: Node) -> Node {
        guard let text = node.scalar, text.hasPrefix(variable) else { return node }
        return .plain("env:" + text.dropFirst(variable.count))
    }

    /// LiteLLM adds `/v1` itself for servers of these types.
    private static func address(_ written: String, _ type: String) -> String {
        var address = written
        while address.hasSuffix("/") { address.removeLast() }
        return ["ollama", "anthropic"].contains(type) && !address.hasSuffix("/v1") ? address + "/v1" : address
    }

    private mutating func add(_ word: String, _ type: String, _ written: [(String, Node)]) -> String {
        func isSame(_ other: [(String, Node)]) -> Bool {
            other.count == written.count && zip(other, written).allSatisfy { $0.0 == $1.0 && $0.1.scalar == $1.1.scalar && $0.1.kind == $1.1.kind }
        }
        if let place = known.firstIndex(where: { isSame($0.members) }) { return known[place].name }
        let stem = type == "openai_compatible" ? word : type
        let alike = known.count { $0.name == stem || $0.name.hasPrefix(stem + "-") }
        let name = alike == 0 ? stem : "\(stem)-\(alike + 1)"
        known.append(Known(name: name, word: word, members: written))
        return name
    }

    /// Gives all providers of a type a budget; says how many there are.
    mutating func limit(_ word: String, to budget: Node) -> Int {
        let type = Self.types[word] ?? word
        let places = known.indices.filter { known[$0].word == word || known[$0].members.first?.1.scalar == type }
        for place in places { known[place].budget = budget }
        return places.count
    }

    var written: [(String, Node)] {
        known.map { ($0.name, .map($0.members + ($0.budget.map { [("budget", $0)] } ?? []))) }
    }

    private mutating func remark(_ path: String, _ line: Int, _ message: String) {
        remarks.append(Problem(path, line: line, message, severity: .warning))
    }

    // MARK: Names of models

    /// LiteLLM's name of the provider: `custom_llm_provider`, what stands before the first slash, or what names like this one are of.
    static func word(_ model: String, _ params: Node) -> String? {
        if let said = params["custom_llm_provider"]?.scalar { return said }
        if let slash = model.firstIndex(of: "/") { return String(model[..<slash]) }
        let lower = model.lowercased()
        for (start, word) in [
            ("gpt", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"), ("chatgpt", "openai"), ("text-embedding-3", "openai"),
            ("text-embedding-ada", "openai"), ("claude", "anthropic"), ("command", "cohere"), ("gemini", "vertex_ai"),
        ] where lower.hasPrefix(start) { return word }
        return params["api_base"] != nil ? "openai" : nil
    }

    /// The provider's own name for the model.
    static func model(_ name: String) -> String {
        var rest = name[...]
        if let slash = rest.firstIndex(of: "/") {
            // `openrouter/anthropic/…` keeps all behind its own prefix; so does a Bedrock model behind `converse/`.
            rest = rest[rest.index(after: slash)...]
            for way in ["converse/", "invoke/"] where name.hasPrefix("bedrock/") && rest.hasPrefix(way) { rest = rest.dropFirst(way.count) }
        }
        return String(rest)
    }
}
