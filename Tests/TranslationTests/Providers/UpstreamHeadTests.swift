import Schema
import Testing

@testable import Translation

@Suite("Heads to providers") struct UpstreamHeadTests {
    struct Row: Sendable {
        var settings: String
        var asked: API
        var model = "m"
        var streaming = false
        /// What the provider is asked; nil: it cannot serve it.
        var api: API?
        var host = ""
        var path = ""
        var headers: [String] = []
    }

    /// `type: x, name: value, …` as a section.
    static func provider(_ settings: String, _ reading: inout Reading) -> (any Provider)? {
        let entries = settings.split(separator: ",").map { pair in
            let name = pair.prefix { $0 != ":" }
            return (String(name.drop { $0 == " " }), Node.plain(String(pair.dropFirst(name.count + 2))))
        }
        let node = Node.map(entries)
        guard let type = entries.first?.1.scalar.flatMap({ Catalog.type(named: $0) }) else { return nil }
        let provider = type.read(node, at: "p", &reading)
        provider?.check(node, at: "p", &reading)
        return provider
    }

    static let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0"

    static let rows: [Row] = [
        Row(
            settings: "type: openai, api_key: k", asked: .responses, api: .responses, host: "api.openai.com", path: "/v1/responses",
            headers: ["authorization: Bearer k"]),
        Row(settings: "type: openai, api: chat", asked: .responses, api: .chatCompletions, host: "api.openai.com", path: "/v1/chat/completions"),
        Row(settings: "type: openai, api: responses", asked: .messages, api: .responses, host: "api.openai.com", path: "/v1/responses"),
        Row(settings: "type: groq", asked: .responses, api: .chatCompletions, host: "api.groq.com", path: "/openai/v1/chat/completions"),
        Row(settings: "type: xai", asked: .responses, api: .responses, host: "api.x.ai", path: "/v1/responses"),
        Row(settings: "type: openai", asked: .countTokens),
        Row(
            settings: "type: anthropic, api_key: k, beta: x", asked: .chatCompletions, api: .messages, host: "api.anthropic.com",
            path: "/v1/messages", headers: ["anthropic-version: 2023-06-01", "anthropic-beta: x", "x-api-key: k"]),
        Row(
            settings: "type: anthropic, base_url: http://h:1/anthropic/v1", asked: .countTokens, api: .countTokens, host: "h:1",
            path: "/anthropic/v1/messages/count_tokens", headers: ["anthropic-version: 2023-06-01"]),
        Row(settings: "type: anthropic", asked: .embeddings),
        Row(
            settings: "type: gemini, api_key: k", asked: .messages, model: "gemini-2.5-flash", streaming: true, api: .generateContent,
            host: "generativelanguage.googleapis.com", path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            headers: ["x-goog-api-key: k"]),
        Row(
            settings: "type: gemini", asked: .countTokens, model: "tunedModels/a b", api: .generateContentTokens,
            host: "generativelanguage.googleapis.com", path: "/v1beta/tunedModels/a%20b:countTokens"),
        Row(
            settings: "type: gemini, base_url: http://h/v1", asked: .embeddings, api: .batchEmbedContents, host: "h",
            path: "/v1/models/m:batchEmbedContents"),
        Row(
            settings: "type: vertex, project: p, location: europe-west4, access_token: t", asked: .converse, model: "gemini-2.5-pro",
            api: .generateContent, host: "europe-west4-aiplatform.googleapis.com",
            path: "/v1/projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-pro:generateContent",
            headers: ["authorization: Bearer t"]),
        Row(
            settings: "type: vertex, project: p, location: global, access_token: t", asked: .messages, model: "claude-sonnet-4-5@20250929",
            streaming: true, api: .messages, host: "aiplatform.googleapis.com",
            path: "/v1/projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
            headers: ["authorization: Bearer t"]),
        Row(
            settings: "type: vertex, project: p, location: eu, access_token: t", asked: .countTokens, model: "anthropic/claude-x", api: .countTokens,
            host: "aiplatform.eu.rep.googleapis.com", path: "/v1/projects/p/locations/eu/publishers/anthropic/models/count-tokens:rawPredict",
            headers: ["authorization: Bearer t"]),
        Row(
            settings: "type: vertex, project: p, location: us-central1, access_token: t", asked: .responses, model: "meta/llama-4",
            api: .chatCompletions,
            host: "us-central1-aiplatform.googleapis.com", path: "/v1/projects/p/locations/us-central1/endpoints/openapi/chat/completions",
            headers: ["authorization: Bearer t"]),
        Row(
            settings: "type: bedrock, region: us-east-1, api_key: k", asked: .chatCompletions, model: "anthropic.claude-v1:0", streaming: true,
            api: .converse, host: "bedrock-runtime.us-east-1.amazonaws.com", path: "/model/anthropic.claude-v1%3A0/converse-stream",
            headers: ["authorization: Bearer k"]),
        Row(
            settings: "type: bedrock, region: cn-north-1, access_key_id: i, secret_access_key: s", asked: .converse, model: arn, api: .converse,
            host: "bedrock-runtime.cn-north-1.amazonaws.com.cn",
            path: "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"
        ),
        Row(
            settings: "type: bedrock, region: us-east-1, api_key: k, base_url: https://bedrock-mantle.us-east-1.api.aws/v1", asked: .responses,
            api: .responses, host: "bedrock-mantle.us-east-1.api.aws", path: "/v1/responses", headers: ["authorization: Bearer k"]),
        Row(
            settings: "type: bedrock, region: us-east-1, api_key: k", asked: .embeddings, model: "amazon.titan-embed-text-v2:0", api: .bedrockInvoke,
            host: "bedrock-runtime.us-east-1.amazonaws.com", path: "/model/amazon.titan-embed-text-v2%3A0/invoke",
            headers: ["authorization: Bearer k"]),
        Row(
            settings: "type: cohere, api_key: k", asked: .messages, api: .cohereChat, host: "api.cohere.com", path: "/v2/chat",
            headers: ["authorization: Bearer k"]),
        Row(settings: "type: cohere, base_url: http://h/v2", asked: .embeddings, api: .cohereEmbed, host: "h", path: "/v2/embed"),
        Row(
            settings: "type: azure, base_url: https://n.openai.azure.com, api_key: k", asked: .chatCompletions, model: "gpt 4", api: .chatCompletions,
            host: "n.openai.azure.com", path: "/openai/deployments/gpt%204/chat/completions?api-version=2024-10-21", headers: ["api-key: k"]),
        Row(
            settings: "type: azure, base_url: https://n.openai.azure.com/openai/v1, access_token: t", asked: .embeddings, api: .embeddings,
            host: "n.openai.azure.com", path: "/openai/v1/embeddings", headers: ["authorization: Bearer t"]),
        Row(
            settings: "type: azure, base_url: https://n.openai.azure.com, api_version: 2025-01-01-preview", asked: .embeddings, api: .embeddings,
            host: "n.openai.azure.com", path: "/openai/deployments/m/embeddings?api-version=2025-01-01-preview"),
        Row(
            settings: "type: azure, base_url: https://n.openai.azure.com", asked: .responses, api: .responses, host: "n.openai.azure.com",
            path: "/openai/v1/responses"),
        Row(
            settings: "type: azure, base_url: https://n.services.ai.azure.com/models, api_key: k", asked: .responses, api: .chatCompletions,
            host: "n.services.ai.azure.com", path: "/models/chat/completions?api-version=2024-05-01-preview", headers: ["api-key: k"]),
    ]

    @Test("go where the provider's reference says", arguments: rows)
    func heads(_ row: Row) throws {
        var reading = Reading()
        let provider = try #require(Self.provider(row.settings, &reading), "\(reading.problems)")
        #expect(reading.problems.filter { $0.message.contains("missing") }.isEmpty)
        #expect(provider.upstream(for: row.asked, model: row.model) == row.api, "\(row.settings)")
        guard let api = row.api else { return }
        let base = try #require(provider.base)
        var head = UpstreamHead(base: base.path, path: base.path + api.path)
        provider.prepare(&head, for: api, model: row.model, streaming: row.streaming)
        #expect(base.origin.authority == row.host)
        #expect(head.path == row.path, "\(row.settings)")
        #expect(head.headers.map { "\($0.name): \($0.value)" } == row.headers)
    }

    @Test("a signed request says what the signature is over, and shows no secret")
    func signed() throws {
        var reading = Reading()
        let provider = try #require(
            Self.provider("type: bedrock, region: eu-west-1, access_key_id: AKID, secret_access_key: canary-7f, session_token: tok", &reading))
        let signer = try #require(provider.signer)
        let lines = Array("{}".utf8).withUnsafeBytes {
            signer.headers(path: "/model/m/converse", authority: "h", headers: [("x-other", "1")], body: [$0], unixSeconds: 1_780_317_296)
        }
        #expect(lines.map(\.name) == ["x-amz-date", "x-amz-content-sha256", "authorization", "x-amz-security-token"])
        #expect(lines[2].value.contains("Credential=AKID/20260601/eu-west-1/bedrock/aws4_request"))
        #expect(lines[2].value.contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token"))
        #expect(!lines.contains { $0.value.contains("canary") })
        var dumped = ""
        dump(provider, to: &dumped)
        dump(signer, to: &dumped)
        #expect(!("\(provider) \(signer)" + dumped).contains("canary"))
        #expect(provider.secrets.map { $0.reveal() }.contains("canary-7f"))
    }

    @Test("Anthropic's models at Vertex get their version in the body and no model")
    func vertexBody() throws {
        let overrides = Vertex().overrides(for: .messages, model: "claude-x")
        let body = try Array(#"{"model":"claude-x","max_tokens":5,"stream":true}"#.utf8).withUnsafeBytes { try overrides.applied(to: $0) }
        #expect(String(decoding: body, as: UTF8.self) == #"{"max_tokens":5,"stream":true,"anthropic_version":"vertex-2023-10-16"}"#)
        #expect(Vertex().overrides(for: .generateContent, model: "gemini").isEmpty)
    }

    @Test(
        "a service account is read, and what is wrong with one is said without any part of it",
        arguments: [
            (#"{"client_email":"a@b","private_key":"-----BEGIN canary"}"#, nil),
            (
                #"{"type":"service_account","client_email":"a@b","private_key":"-----BEGIN canary","token_uri":"http://h/t","universe":{"a":[1]}}"#,
                nil
            ),
            (#"{"type":"authorized_user","refresh_token":"canary"}"#, "is of a type other than service_account, and only those are supported"),
            (#"{"private_key":"-----BEGIN canary"}"#, "has no client_email"),
            (#"{"client_email":"a@b","private_key":"canary"}"#, "has no private_key"),
            ("canary", "is not JSON (byte 0)"), (#"["canary"]"#, "is not JSON (byte 0)"), (#"{"a":"canary"} x"#, "is not JSON (byte 15)"),
        ] as [(String, String?)])
    func accounts(json: String, problem: String?) {
        do throws(ServiceAccount.Unreadable) {
            let account = try ServiceAccount(json: json)
            #expect(account.email == "a@b" && problem == nil)
        } catch { #expect(error.reason == problem) }
    }

    @Test("a grant names account, scope, place and hour")
    func claims() {
        let account = ServiceAccount(email: "a@b", privateKey: "", privateKeyID: "k1", tokenURL: "https://t/x")
        let parts = account.claims(unixSeconds: 1_000).split(separator: ".").map { Self.decoded($0) }
        #expect(parts[0] == #"{"alg":"RS256","typ":"JWT","kid":"k1"}"#)
        #expect(
            parts[1]
                == #"{"iss":"a@b","scope":"https://www.googleapis.com/auth/cloud-platform","aud":"https://t/x","iat":1000,"exp":4600}"#)
    }

    static func decoded(_ text: Substring) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let bits = text.flatMap { letter in
            let value = alphabet.firstIndex(of: letter) ?? 0
            return (0..<6).map { value >> (5 - $0) & 1 }
        }
        let bytes = stride(from: 0, to: bits.count / 8 * 8, by: 8).map { at in bits[at..<at + 8].reduce(0 as UInt8) { $0 << 1 | UInt8($1) } }
        return String(decoding: bytes, as: UTF8.self)
    }
}
