import Gateway
import Routing
import Wire

/// `POST /api/v1/providers/{name}/test`, body `{}` or `{"model": "…"}`: whether a provider is there, takes the credential, answers.
struct ProviderTesting: Sendable {
    let server: Server

    /// The name of the provider, where the call is one of these.
    static func subject(_ call: AdminCall) -> String? {
        let rest = call.rest(after: 3)
        return call.method == "POST" && rest.hasSuffix("/test") ? String(rest.dropLast(5)) : nil
    }

    func answer(_ call: AdminCall, provider name: String) async throws -> AdminAnswer {
        var model: String?
        if !call.body.isEmpty {
            let body = try call.object(["model"])
            if let node = body["model"], !node.isNull {
                guard let text = node.scalar, !text.isEmpty else { throw AdminRefusal(400, "invalid_value", "`model` must be a model's name") }
                model = text
            }
        }
        guard let report = await server.test(provider: name, model: model) else {
            throw AdminRefusal.unknown("provider", name, among: server.blueprint?.providers.keys.sorted() ?? [])
        }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("provider", report.provider)
                whole.member("model", orNull: report.model)
                whole.member("ok", report.isOK)
                Self.write("reachable", report.reachable, &whole)
                Self.write("key", report.key, &whole)
                Self.write("answers", report.answers, &whole)
                whole.key("status")
                if let status = report.status { whole.number(status) } else { whole.null() }
                whole.key("latency_ms")
                if let latency = report.latency { whole.raw("\(Double(latency.nanoseconds / 1_000) / 1_000)") } else { whole.null() }
            }
        }
    }

    private static func write(_ name: String, _ step: ProviderTestReport.Step, _ whole: inout JSONWriter) {
        whole.key(name)
        whole.object { line in
            line.member("state", step.verdict.rawValue)
            line.member("reason", orNull: step.reason)
        }
    }
}
