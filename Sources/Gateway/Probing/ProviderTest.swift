import NIOCore
import Routing
import Settings
import Translation
import Wire

/// What a look at a provider found: whether it is there, takes the credential, and answers for a model. Each `nil` is a step that
/// was not come to. Nothing in it can hold the credential.
public struct ProviderTestReport: Sendable {
    public enum Verdict: String, Sendable { case ok, failed, unknown }

    public struct Step: Sendable {
        public var verdict: Verdict
        public var reason: String?
    }

    public var provider: String
    public var model: String?
    public var reachable = Step(verdict: .unknown)
    public var key = Step(verdict: .unknown)
    public var answers = Step(verdict: .unknown)
    public var status: Int?
    /// From the first byte of the connection to the last of the reply.
    public var latency: Duration?

    public var isOK: Bool { reachable.verdict == .ok && key.verdict != .failed && answers.verdict != .failed }
}

extension Server {
    /// How long a look may take.
    private static let testLimit = Duration.seconds(20)

    /// Asks a provider of the settings for one token of `model`, or of the first model that settings have of it; where there is
    /// none, for its list of models. Nil: there is no such provider.
    public func test(provider name: String, model: String? = nil) async -> ProviderTestReport? {
        guard let live, let provider = live.blueprint.providers[name] else { return nil }
        var report = ProviderTestReport(provider: name)
        report.model = model ?? live.blueprint.upstreams.first { $0.providerName == name && !$0.model.isEmpty }?.model
        guard let base = provider.base else {
            report.reachable = .init(verdict: .failed, reason: "it has no address")
            return report
        }
        let address = mockOrigin(of: name) ?? base.origin
        var headers: [(name: String, value: String)] = []
        if let grant = provider.grant {
            do throws(TokenMissing) { headers.append(("authorization", "Bearer \(try await token(for: grant))")) } catch {
                report.key = .init(verdict: .failed, reason: "no access token: \(error.reason)")
                return report
            }
        }
        let call = ProviderProbe(provider, model: report.model, origin: address, base: base.path).call(adding: headers)
        let began = Instant.now()
        do {
            let reply = try await call.send(on: anyLoop, tls: tls, within: Self.testLimit).get()
            report.latency = Instant.now() - began
            report.take(reply, of: provider)
        } catch {
            report.reachable = .init(verdict: .failed, reason: (error as? PlainCall.Failure)?.message ?? "\(error)")
        }
        return report
    }

    private struct TokenMissing: Error { var reason: String }

    private func token(for grant: TokenGrant) async throws(TokenMissing) -> String {
        let keeper = tokens[grant]
        func text() -> String? {
            keeper.line(unixSeconds: WallClock.milliseconds() / 1000).map { line in
                String(String(buffer: line).dropFirst("authorization: Bearer ".count).prefix { !$0.isNewline })
            }
        }
        if let text = text() { return text }
        await withCheckedContinuation { continuation in
            if keeper.wait({ continuation.resume() }) == nil { continuation.resume() }
        }
        if let text = text() { return text }
        throw TokenMissing(reason: keeper.failure ?? "none came")
    }
}

extension ProviderTestReport {
    mutating func take(_ reply: PlainCall.Reply, of provider: any Provider) {
        status = reply.status
        reachable = Step(verdict: .ok)
        if (200..<300).contains(reply.status) {
            let isJSON = reply.body.withUnsafeReadableBytes { bytes in
                var scanner = JSONScanner(bytes)
                do throws(JSONProblem) {
                    try scanner.enterObject()
                    return true
                } catch { return false }
            }
            key = Step(verdict: isJSON ? .ok : .unknown)
            guard isJSON else {
                answers = Step(verdict: .failed, reason: "it answered \(reply.status) with something that is no JSON object")
                return
            }
            answers = model == nil ? Step(verdict: .unknown, reason: "no model was named and the settings have none of it") : Step(verdict: .ok)
            return
        }
        let said = reply.body.withUnsafeReadableBytes { FaultyReply.read(status: reply.status, body: $0, headers: reply.faultHeaders) }
        let fault = provider.fault(of: said)
        let reason = Self.reason(said, of: provider)
        switch fault {
        case .auth: key = Step(verdict: .failed, reason: reason)
        case .notFound:
            key = Step(verdict: .unknown)
            answers = Step(verdict: .failed, reason: "it does not know the model or the path: \(reason)")
        case .quotaExceeded, .rateLimit:
            key = Step(verdict: .ok)
            answers = Step(verdict: .failed, reason: (fault == .rateLimit ? "over its rate limit: " : "its quota is used up: ") + reason)
        case .badRequest, .contextWindow, .contentPolicy:
            key = Step(verdict: .ok)
            answers = Step(verdict: .failed, reason: "it refused the test's request: \(reason)")
        default: answers = Step(verdict: .failed, reason: reason)
        }
    }

    /// The provider's own words, as far as they do not repeat a credential, and its status.
    private static func reason(_ said: FaultyReply, of provider: any Provider) -> String {
        guard let message = said.message, !message.isEmpty else { return said.summary }
        let repeats = provider.secrets.contains { secret in
            let text = secret.reveal()
            return !text.isEmpty && message.contains(text)
        }
        return repeats ? said.summary : "\(said.summary): \(message.prefix(500))"
    }
}
