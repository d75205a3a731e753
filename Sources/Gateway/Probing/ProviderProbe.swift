import NIOCore
import Routing
import Translation
import Wire

/// The smallest request of a provider's own dialect: for one token of a model, or for the list of its models.
struct ProviderProbe {
    private let provider: any Provider
    private let model: String?
    private let origin: Origin
    private let base: String

    init(_ provider: any Provider, model: String?, origin: Origin, base: String) {
        (self.provider, self.model, self.origin, self.base) = (provider, model, origin, base)
    }

    func call(adding headers: [(name: String, value: String)]) -> PlainCall {
        var call = PlainCall(origin: origin, path: base + (provider.modelsPath ?? "/models"))
        guard let model else {
            var head = UpstreamHead(base: base, path: "")
            provider.prepare(&head, for: .chatCompletions, model: "", streaming: false)
            call.headers = head.headers + headers
            return signed(call)
        }
        let isEmbedding = model.contains("embed")
        let api = provider.upstream(for: isEmbedding ? .embeddings : .chatCompletions, model: model) ?? .chatCompletions
        var head = UpstreamHead(base: base, path: base + api.path)
        provider.prepare(&head, for: api, model: model, streaming: false)
        call.method = "POST"
        call.path = head.path
        call.headers = head.headers + headers + [("content-type", "application/json")]
        call.body = body(api, model)
        return signed(call)
    }

    private func signed(_ call: PlainCall) -> PlainCall {
        guard let signer = provider.signer, call.method == "POST" else { return call }
        var call = call
        let added = call.body.withUnsafeBytes {
            signer.headers(
                path: call.path, authority: origin.authority, headers: call.headers, body: [$0], unixSeconds: WallClock.milliseconds() / 1000)
        }
        call.headers += added
        return call
    }

    /// Reasoning models need some room before they answer, and a few providers refuse less than 16 tokens.
    private static let tokens = 16

    private func body(_ api: API, _ model: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { whole in
            switch api {
            case .generateContent: Self.contents(&whole)
            case .converse: Self.converse(&whole)
            case .embedContent: Self.content(&whole)
            case .batchEmbedContents: Self.batch(&whole, model)
            case .embeddings:
                whole.member("model", model)
                whole.member("input", "ping")
            case let other where other.takesTexts:
                whole.member("model", model)
                whole.member("input_type", "search_query")
                whole.key("texts")
                whole.array { $0.string("ping") }
            case .responses:
                whole.member("model", model)
                whole.member("input", "ping")
                whole.member("max_output_tokens", Self.tokens)
            case let other where other.family == .embedding: whole.member("inputText", "ping")
            default:
                whole.member("model", model)
                let usesOldName = api != .chatCompletions || provider.quirks.contains(.maxTokens)
                whole.member(usesOldName ? "max_tokens" : "max_completion_tokens", Self.tokens)
                whole.key("messages")
                whole.array { list in
                    list.object { message in
                        message.member("role", "user")
                        message.member("content", "ping")
                    }
                }
            }
        }
        let overrides = provider.overrides(for: api, model: model)
        guard !overrides.isEmpty else { return writer.bytes }
        return writer.bytes.withUnsafeBytes { try? overrides.applied(to: $0) } ?? writer.bytes  // it is an object
    }

    private static func contents(_ whole: inout JSONWriter) {
        whole.key("contents")
        whole.array { list in
            list.object { content in
                content.member("role", "user")
                parts(&content)
            }
        }
        whole.key("generationConfig")
        whole.object { $0.member("maxOutputTokens", tokens) }
    }

    private static func parts(_ content: inout JSONWriter) {
        content.key("parts")
        content.array { list in list.object { $0.member("text", "ping") } }
    }

    private static func content(_ whole: inout JSONWriter) {
        whole.key("content")
        whole.object { parts(&$0) }
    }

    private static func batch(_ whole: inout JSONWriter, _ model: String) {
        whole.key("requests")
        whole.array { list in
            list.object { request in
                request.member("model", "models/\(model)")
                content(&request)
            }
        }
    }

    private static func converse(_ whole: inout JSONWriter) {
        whole.key("messages")
        whole.array { list in
            list.object { message in
                message.member("role", "user")
                message.key("content")
                message.array { content in content.object { $0.member("text", "ping") } }
            }
        }
        whole.key("inferenceConfig")
        whole.object { $0.member("maxTokens", tokens) }
    }
}
