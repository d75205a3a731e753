import Gateway
import Routing
import Schema
import Settings
import Translation
import Wire

/// `POST /api/v1/tokens`: how many tokens a text or a request has at each deployment, and at models of the catalogue, and what it costs.
struct TokenDesk: Sendable {
    let server: Server
    let book: SettingsBook

    static let members: [AdminRoute.Parameter] = [
        .init(name: "text", help: "A text; or `body`."), .init(name: "body", help: "A request.", schema: "object"),
        .init(name: "api", help: "What the request is: `chat_completions`, `responses`, `messages` …; the first of these without it."),
        .init(name: "output_tokens", help: "Tokens of the answer: 0 to 10000000; 0 without it.", schema: "integer"),
        .init(name: "models", help: "Models of the catalogue as PROVIDER/MODEL, beside the deployments: 50 at most.", schema: "array"),
    ]
    private static let mostModels = 50

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let asked = try call.object(Self.members.map(\.name))
        let prompt = try Self.prompt(asked)
        let output = try Self.output(asked)
        let catalogue = await book.catalogue
        let others = try (asked["models"]?.items ?? []).prefix(Self.mostModels).map { try Self.count(prompt, $0.scalar ?? "", catalogue) }
        let counts = server.tokens(of: prompt)
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("bytes", prompt.textBytes)
                whole.member("images", prompt.images)
                whole.member("output_tokens", output)
                whole.key("data")
                whole.array { list in
                    for count in counts { Self.write(count, "deployment", output, &list) }
                    for count in others { Self.write(count, "catalogue", output, &list) }
                }
            }
        }
    }

    private static func prompt(_ asked: Node) throws -> PromptSize {
        switch (asked["text"], asked["body"]) {
        case (let text?, nil):
            guard let text = text.scalar else { throw AdminRefusal(400, "invalid_value", "`text` must be a text") }
            return PromptSize(textBytes: Int64(text.utf8.count), bodyBytes: Int64(text.utf8.count))
        case (nil, let body?):
            guard body.entries != nil else { throw AdminRefusal(400, "invalid_value", "`body` must be the request's JSON object") }
            let api = try Explaining.api(asked["api"]?.scalar)
            let bytes = Array(body.json.utf8)
            return try bytes.withUnsafeBytes { raw in
                do throws(Malformed) {
                    return PromptSize(try Call.read(raw, api: api), bodyBytes: raw.count)
                } catch {
                    let refusal = Refusal(error)
                    throw AdminRefusal(400, refusal.code.rawValue, refusal.message)
                }
            }
        case (nil, nil): throw AdminRefusal(400, "invalid_value", "say what to count: `text` or `body`")
        default: throw AdminRefusal(400, "invalid_value", "say either `text` or `body`")
        }
    }

    private static func output(_ asked: Node) throws -> Int64 {
        guard let node = asked["output_tokens"], !node.isNull else { return 0 }
        guard let number = node.scalar.flatMap(Int64.init), 0...10_000_000 ~= number else {
            throw AdminRefusal(400, "invalid_value", "`output_tokens` must be 0 to 10000000")
        }
        return number
    }

    private static func count(_ prompt: PromptSize, _ name: String, _ catalogue: PriceCatalogue) throws -> TokenCount {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        let providers = catalogue.providers
        let rows = parts.first.flatMap { providers.contains($0) ? catalogue.rows(of: $0) : nil }
        guard parts.count == 2, rows != nil, let facts = catalogue.facts(provider: parts[0], model: parts[1]) else {
            // Among thousands the nearest name takes its time.
            throw AdminRefusal.unknown("model in the catalogue", name, among: rows?.map(\.name) ?? providers)
        }
        // Nothing was learned of it here: what is assumed of every model.
        let estimator = TokenEstimator()
        return TokenCount(
            deployment: facts.name, provider: facts.provider, model: facts.model, tokens: estimator.expected(prompt, model: 0),
            atMost: estimator.bound(prompt, model: 0, contextWindow: facts.context.map(Int64.init)), contextWindow: facts.context,
            maxOutput: facts.maxOutput, price: facts.price(at: .now))
    }

    private static func write(_ count: TokenCount, _ kind: String, _ output: Int64, _ list: inout JSONWriter) {
        var usage = Usage()
        usage.input = count.tokens
        let input = count.price?.cost(of: usage)
        usage.output = output
        let whole = count.price?.cost(of: usage)
        list.object { line in
            line.member("name", count.deployment)
            line.member("kind", kind)
            line.member("provider", count.provider)
            line.member("model", count.model)
            line.member("tokens", count.tokens)
            line.member("at_most", count.atMost)
            for (name, value) in [("context_window", count.contextWindow), ("max_output", count.maxOutput)] {
                line.key(name)
                if let value { line.number(value) } else { line.null() }
            }
            line.member("fits", count.contextWindow.map { count.tokens + output <= $0 } ?? true)
            line.key("price")
            if let price = count.price {
                line.object { said in
                    for part in price.said {
                        said.key(part.name)
                        said.raw(part.dollars)
                    }
                }
            } else {
                line.null()
            }
            for (name, cost) in [
                ("input_usd", input), ("output_usd", whole.map { Nanodollars($0.amount - (input?.amount ?? 0)) }), ("cost_usd", whole),
            ] {
                line.key(name)
                if let cost { line.raw(cost.dollars) } else { line.null() }
            }
        }
    }
}
