import Schema

/// One item of LiteLLM's `model_list` as a leaf of ours.
struct LiteLLMDeployment {
    private(set) var remarks: [Problem] = []
    private var members: [(String, Node)]
    private var params: [(String, Node)] = []
    /// LiteLLM asks the lowest first.
    private var order: Int?

    private static let same = [
        "rpm": "rpm", "tpm": "tpm", "weight": "weight", "tags": "tags", "timeout": "timeout", "max_parallel_requests": "max_parallel_requests",
        "max_retries": "max_retries", "num_retries": "max_retries", "region_name": "region", "cooldown_time": "cooldown_time",
    ]
    /// USD per token there, per million here.
    private static let prices = [
        "input_cost_per_token": "input_price", "output_cost_per_token": "output_price", "cache_read_input_token_cost": "cached_input_price",
        "cache_creation_input_token_cost": "cache_write_price", "output_cost_per_reasoning_token": "reasoning_price",
        "input_cost_per_audio_token": "audio_input_price", "output_cost_per_audio_token": "audio_output_price",
    ]
    /// What goes with every request to the provider, where the client does not say.
    private static let parameters: Set = [
        "temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stop", "seed", "presence_penalty", "frequency_penalty", "logit_bias",
        "response_format", "reasoning_effort", "thinking", "top_k", "parallel_tool_calls", "service_tier", "user", "verbosity",
    ]
    private static let abilities = [
        "supports_vision": "vision", "supports_function_calling": "tools", "supports_response_schema": "json", "supports_reasoning": "reasoning",
        "supports_audio_input": "audio", "supports_pdf_input": "documents", "supports_native_streaming": "streaming",
    ]

    init(provider: String, model: String) { members = [("provider", .text(provider)), ("model", .text(model))] }

    private mutating func put(_ name: String, _ node: Node) {
        members.removeAll { $0.0 == name }
        members.append((name, node))
    }

    private mutating func remark(_ path: String, _ line: Int, _ message: String) {
        remarks.append(Problem(path, line: line, message, severity: .warning))
    }

    /// `litellm_params`.
    mutating func read(_ node: Node, at path: String) {
        for entry in node.entries ?? [] where entry.name != "model" && !LiteLLMProviders.memberNames.contains(entry.name) && !entry.node.isNull {
            if let name = Self.same[entry.name] {
                put(name, entry.node)
            } else if Self.prices[entry.name] != nil {
                readPrice(entry, at: path)
            } else if Self.parameters.contains(entry.name) {
                params.append((entry.name, entry.node))
            } else if entry.name == "extra_body" {
                for member in entry.node.entries ?? [] { params.append((member.name, member.node)) }
            } else if entry.name == "order", let written = entry.node.scalar.flatMap({ Int($0) }) {
                order = written
            } else {
                remark(path.setting(entry.name), entry.line, "has no counterpart at a deployment")
            }
        }
        if !params.isEmpty {
            remark(path, node.line, "what it sets (\(params.map(\.0).joined(separator: ", "))) stands above what clients send, not below it")
        }
    }

    private mutating func readPrice(_ entry: Node.Entry, at path: String) {
        guard let name = Self.prices[entry.name], let text = entry.node.scalar,
            let amount = DecimalDollars.nanodollars(text, shift: 6, rounding: true)
        else { return remark(path.setting(entry.name), entry.line, "is no price; expected USD per token") }
        put(name, .plain(DecimalDollars.text(amount)))
    }

    /// `model_info`.
    mutating func readInfo(_ node: Node, at path: String) {
        var lacks: [Node] = []
        for entry in node.entries ?? [] where !entry.node.isNull {
            switch entry.name {
            case "id": put("name", .text(entry.node.scalar ?? ""))
            case "base_model": put("base_model", entry.node)
            case "max_input_tokens": put("context_window", entry.node)
            case "mode", "description", "litellm_provider", "max_tokens", "max_output_tokens", "db_model": break
            case _ where Self.prices[entry.name] != nil: readPrice(entry, at: path)
            case _ where Self.abilities[entry.name] != nil:
                if entry.node.scalar == "false", let lacking = Self.abilities[entry.name] { lacks.append(.plain(lacking)) }
            default: remark(path.setting(entry.name), entry.line, "has no counterpart")
            }
        }
        if !lacks.isEmpty { put("lacks", .list(lacks)) }
    }

    private var node: Node { .map(members + (params.isEmpty ? [] : [("params", .map(params))])) }

    /// A model group; where orders are written, those of the lowest order first.
    static func group(_ deployments: [LiteLLMDeployment]) -> Node {
        let orders = Set(deployments.map { $0.order ?? .max }).sorted()
        guard orders.count > 1 else { return .map([("deployments", .list(deployments.map(\.node)))]) }
        let tiers = orders.map { order in
            let tier = deployments.filter { ($0.order ?? .max) == order }.map(\.node)
            return tier.count == 1 ? tier[0] : .map([("shuffle", .list(tier))])
        }
        return .map([("route", .map([("fallback", .list(tiers))]))])
    }
}
