import Logging
import NIOCore
import Routing
import Schema
import Settings
import Storage
import Testing
import Translation
import Wire

@testable import Gateway

@Suite("Plain admission") struct PlainAdmissionTests {
    struct Row: Sendable {
        var key = 0
        var body: String
        var headers = ""
        /// Found the short way.
        var isPlain = true
    }

    static let settings = """
        providers:
          p: { type: openai_compatible, base_url: "http://127.0.0.1:9/v1", api_key: k }
        models:
          chat: { strategy: shuffle, deployments: [{ provider: p, model: m }, { provider: p, model: n }] }
          default: { deployments: [{ provider: p, model: n }] }
        policies:
          firm: { route: chat, override_model: true }
          mild: { route: chat }
        keys:
          any: { key: sk-any-0123456789 }
          some: { key: sk-some-0123456789, models: [chat], policy: mild }
          led: { key: sk-led-0123456789, policy: firm }
          placed: { key: sk-placed-0123456789, regions: [eu] }
        """

    @Test(
        "it finds what the long way finds, and leaves to that what is rare",
        arguments: [
            Row(body: #"{"model":"chat","messages":[]}"#),
            Row(body: #"{"model":"ch\u0061t","user":"u","max_tokens":7,"tools":[{"type":"function"}],"messages":[]}"#),
            Row(body: #"{"model":"chat","prompt_cache_key":"k","user":"u"}"#, headers: "x-swiftlet-deadline-ms: 1500\r\n"),
            Row(body: #"{"model":"auto:cost","messages":[]}"#),
            Row(body: #"{"model":"p/m","messages":[]}"#),
            Row(key: 1, body: #"{"model":"chat"}"#),
            Row(key: 1, body: #"{"model":"p/m"}"#, isPlain: false),
            Row(key: 2, body: #"{"model":"p/m"}"#, isPlain: false),
            Row(key: 3, body: #"{"model":"chat"}"#),
            Row(body: #"{"model":"nobody"}"#, isPlain: false), Row(body: "{}", isPlain: false), Row(body: #"{"model":null}"#, isPlain: false),
            Row(body: #"{"model":"chat","tags":["a"]}"#, isPlain: false),
            Row(body: #"{"model":"chat"}"#, headers: "x-project-id: lab\r\n", isPlain: false),
        ])
    func agrees(_ row: Row) async throws {
        let compilation = Blueprint.compile(yaml: Self.settings)
        let blueprint = try #require(compilation.blueprint, "\(compilation.problems)")
        let store = MemoryStore()
        let server = try Server(blueprint, store: store, journal: nil, adminToken: nil, seed: 1, log: Logger(label: "test"))
        let live = try Live(blueprint, store: store, origins: OriginNumbers(), mocks: [:], tokens: server.tokens, estimators: Estimators())
        let headBytes = ByteBuffer(string: "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\n\(row.headers)\r\n")
        var parser = RequestParser()
        #expect(try headBytes.withUnsafeReadableBytes { try parser.parse($0) })
        let request = ClientRequest(head: parser.head, bytes: headBytes, body: ByteBuffer(string: row.body))
        let call = try request.body.withUnsafeReadableBytes { try Call.read($0, api: .chatCompletions) }
        let now = Instant.now()
        let plain = PlainAdmission(live: live, key: row.key, keepsDecisions: false, now: now).admit(request, call, .chatCompletions)
        #expect((plain != nil) == row.isPlain)
        let whole = Self.long(request, call, live, server, key: row.key, at: now)
        if let plain {
            let whole = try #require(whole)
            // Scored by whoever asks for the one or the other.
            if let known = whole.journey.facts.appraisal { plain.journey.appraised(known) }
            #expect(plain.journey.facts == whole.journey.facts)
            #expect(plain.journey.route == whole.journey.route && plain.journey.mode == whole.journey.mode)
            #expect(plain.journey.envelope == whole.journey.envelope && plain.journey.policy == whole.journey.policy)
            #expect(plain.entry.model.name == whole.entry.model.name && plain.entry.policy == whole.entry.policy)
            #expect(plain.entry.project == whole.entry.project && !whole.entry.isOwn && whole.entry.provider == nil)
        }
    }

    private static func long(_ request: ClientRequest, _ call: Call, _ live: Live, _ server: Server, key: Int, at now: Instant) -> Admitted? {
        request.bytes.withUnsafeReadableBytes { head in
            request.body.withUnsafeReadableBytes { body in
                let view = RequestView(call, .chatCompletions, head: request.head, headBytes: head, body: body) { nil }
                let admission = Admission(live: live, server: server, view: view, key: key, now: now, unixMilliseconds: 0)
                return try? admission.admit(request.body, deadline: request.deadline)
            }
        }
    }
}
