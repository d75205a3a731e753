import Gateway
import Routing
import Wire

/// `GET /api/v1/deployments[/{name}]`, `POST /api/v1/deployments/{name}/reset`.
struct DeploymentDesk: Sendable {
    let server: Server
    let book: SettingsBook

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let name = call.rest(after: 3)
        let reports = server.deploymentReports()
        let rates = DeploymentRates(server.blueprint, await book.document, await book.catalogue)
        let names = reports.map(\.health.name)
        if call.method == "POST", name.hasSuffix("/reset"), !names.contains(name) {
            let name = String(name.dropLast(6))
            guard server.reset(deployment: name) else { throw AdminRefusal.unknown("deployment", name, among: names) }
            try await book.note(call.mark("breaker.reset", name))
            return try one(name, server.deploymentReports(), rates)
        }
        guard call.method == "GET" else { throw AdminRefusal.wrongMethod(name.hasSuffix("/reset") ? "POST" : "GET") }
        if !name.isEmpty { return try one(name, reports, rates) }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for report in reports { Self.write(report, rates, &list) } }
            }
        }
    }

    private func one(_ name: String, _ reports: [DeploymentReport], _ rates: DeploymentRates) throws -> AdminAnswer {
        guard let report = reports.first(where: { $0.health.name == name }) else {
            throw AdminRefusal.unknown("deployment", name, among: reports.map(\.health.name))
        }
        return AdminAnswer { Self.write(report, rates, &$0) }
    }

    private static func write(_ report: DeploymentReport, _ rates: DeploymentRates, _ writer: inout JSONWriter) {
        let health = report.health
        writer.object { line in
            line.member("name", health.name)
            line.member("provider", report.provider)
            line.member("model", report.model)
            line.member("state", health.state.rawValue)
            line.member("rests_until", orNull: report.restsUntilUnixMilliseconds.map { Timestamp.text(unixMilliseconds: $0) })
            line.member("needs_operator", health.restsUntil == .distantFuture)
            line.member("credential_problem", orNull: report.credentialProblem)
            line.member("in_flight", health.inFlight)
            line.key("error_rate")
            if let rate = health.errorRate { line.raw("\(rate)") } else { line.null() }
            milliseconds("latency_p50_ms", health.latencyP50, &line)
            milliseconds("latency_p95_ms", health.latencyP95, &line)
            milliseconds("first_byte_p50_ms", health.firstByteP50, &line)
            line.member("successes", health.successes)
            line.member("faults", health.faults)
            rates.write(of: health.name, to: &line)
            line.key("limits")
            write(report.limits, &line)
        }
    }

    /// What is left of the account, by what its provider said last; times count from now.
    private static func write(_ limits: AccountLimits?, _ line: inout JSONWriter) {
        guard let limits else { return line.null() }
        line.object { said in
            number("requests_remaining", limits.requestsRemaining, &said)
            milliseconds("requests_reset_in_ms", limits.requestsResetIn, &said)
            number("tokens_remaining", limits.tokensRemaining, &said)
            milliseconds("tokens_reset_in_ms", limits.tokensResetIn, &said)
        }
    }

    private static func number(_ name: String, _ value: Int?, _ line: inout JSONWriter) {
        line.key(name)
        if let value { line.number(value) } else { line.null() }
    }

    private static func milliseconds(_ name: String, _ duration: Duration?, _ line: inout JSONWriter) {
        line.key(name)
        guard let duration else { return line.null() }
        line.raw("\(Double(duration.nanoseconds / 1_000) / 1_000)")
    }
}
