import NIOCore
import Routing
import Settings
import Translation
import Wire

extension Server {
    /// What would happen to a request, by the code that serves traffic: nothing is sent, nothing changes.
    ///
    /// - Parameters:
    ///   - headers: Names in any case. Those that carry a key are passed over: `key` says whose request it is.
    ///   - key: The name of a virtual key; nil for the first one, or `local` where there are none.
    public func explain(
        _ api: API, body: [UInt8], headers: [(name: String, value: String)] = [], key name: String? = nil, remote: String? = nil
    ) async -> Result<DecisionReport, Refusal> {
        guard let live else { return .failure(Refusal(.shuttingDown, "this gateway is not serving yet")) }
        let outcome = admit(live, api, body, headers, key: name, remote)
        switch outcome {
        case .success(let admitted): return .success(report(admitted, live))
        case .failure(.refused(let refusal)): return .failure(refusal)
        case .failure(.missing(let missing)):
            if let refusal = await adopt(missing) { return .failure(refusal) }
            guard let live = self.live, case .success(let admitted) = admit(live, api, body, headers, key: name, remote) else {
                return .failure(Refusal(.overloaded, "settings changed meanwhile; ask again"))
            }
            return .success(report(admitted, live))
        }
    }

    private func admit(
        _ live: Live, _ api: API, _ body: [UInt8], _ headers: [(name: String, value: String)], key name: String?, _ remote: String?
    ) -> Result<Admitted, Obstacle> {
        guard let key = name.map({ live.key(named: $0) }) ?? 0 else {
            return .failure(.refused(Refusal(.invalidValue, "there is no key `\((name ?? "").prefix(100))`", param: "key")))
        }
        if let refusal = live.refusal(of: key, unixSeconds: WallClock.milliseconds() / 1000) { return .failure(.refused(refusal)) }
        var head = Array("POST \(api.path) HTTP/1.1\r\nhost: localhost\r\n".utf8)
        for (name, value) in headers where !Self.carriers.contains(name.lowercased()) {
            head += Array("\(name): \(value)\r\n".utf8)
        }
        head += Array("\r\n".utf8)
        return head.withUnsafeBytes { headBytes in
            do throws(Obstacle) {
                var parser = RequestParser()
                try Self.parse(headBytes, by: &parser)
                let looked = try guarded(live, api, body, parser.head, headBytes, key: key, remote)
                return admit(live, api, looked, parser.head, headBytes, key: key, remote)
            } catch {
                return .failure(error)
            }
        }
    }

    private func admit(
        _ live: Live, _ api: API, _ looked: (body: [UInt8], guarded: GuardedRequest?), _ head: RequestHead, _ headBytes: UnsafeRawBufferPointer,
        key: Int, _ remote: String?
    ) -> Result<Admitted, Obstacle> {
        looked.body.withUnsafeBytes { bodyBytes in
            do throws(Obstacle) {
                let call = try Self.read(bodyBytes, api)
                let view = RequestView(call, api, head: head, headBytes: headBytes, body: bodyBytes) { remote }
                let admission = Admission(
                    live: live, server: self, view: view, key: key, now: .now(), unixMilliseconds: WallClock.milliseconds(), isDry: true,
                    guarded: looked.guarded)
                let admitted = try admission.admit(ByteBuffer(bytes: looked.body), deadline: nil)
                if live.seeksWarmth { admitted.lookBack(live) }
                return .success(admitted)
            } catch {
                return .failure(error)
            }
        }
    }

    /// Framing and credentials are not the request's own here.
    static let carriers: Set<String> = [
        "host", "authorization", "x-api-key", "x-goog-api-key", "content-length", "transfer-encoding", "connection", "expect", "content-encoding",
    ]

    private static func parse(_ bytes: UnsafeRawBufferPointer, by parser: inout RequestParser) throws(Obstacle) {
        do throws(HeadProblem) {
            if try parser.parse(bytes) { return }
        } catch {
            throw .refused(Refusal(.invalidValue, "`headers` cannot be sent as they are: \(error)", param: "headers"))
        }
        throw .refused(Refusal(.invalidValue, "`headers` are too many", param: "headers"))
    }

    private static func read(_ body: UnsafeRawBufferPointer, _ api: API) throws(Obstacle) -> Call {
        do throws(Malformed) { return try Call.read(body, api: api) } catch { throw .refused(Refusal(error)) }
    }

    private func report(_ admitted: Admitted, _ live: Live) -> DecisionReport {
        var snapshot = router.snapshot()
        if let table = admitted.entry.inline?.table { _ = snapshot.extend(with: table) }
        let begun = Instant.now()
        let explanation = snapshot.explain(admitted.journey, at: begun)
        let deciding = (Instant.now() - begun).nanoseconds
        var decision = explanation.decision
        decision.nanoseconds = UInt32(clamping: deciding + Int64(admitted.journey.facts.appraisal?.nanoseconds ?? 0))
        var report = DecisionReport(decision, DecisionNames(admitted.table(live)))
        report.fill(from: admitted, live)
        report.warnings += lacks(of: admitted.entry.policy, live)
        report.warmths = explanation.warmths
        if let chosen = explanation.decision.chosen { report.fill(served: chosen, live) }
        return report
    }

    /// Rules of a policy that name what is gone.
    private func lacks(of policy: Int?, _ live: Live) -> [String] {
        guard let rules = policy.flatMap({ live.blueprint.policies[$0].rules }) else { return [] }
        return live.table.policies[rules].rules.compactMap { rule in
            rule.lack.map { "the rule `\(rule.name)` is passed over: \($0)" }
        }
    }
}

extension DecisionReport {
    mutating func fill(from admitted: Admitted, _ live: Live) {
        policy = admitted.entry.policy.map { live.blueprint.policies[$0].name }
        project = admitted.entry.project
        customer = admitted.entry.customer.map { live.blueprint.customers[$0].name }
        policySource = admitted.entry.policy.map { Self.source(of: $0, admitted, live) }
        let hits = admitted.journey.ruleHits
        if hits.count > decision.hits.count { decision.hits = hits.map(Decision.Hit.init) }
        guardrails = Self.lines(of: admitted.guarded)
        warnings = hits.compactMap(\.actions.warn)
        tableVersion = admitted.entry.inline?.table.baseVersion
        modelRequested = admitted.body.withUnsafeReadableBytes { admitted.call.modelName(in: $0) }
    }

    private static func source(of policy: Int, _ admitted: Admitted, _ live: Live) -> String {
        let standing = live.standing(of: admitted.key)
        if standing.hasOwnPolicy, standing.policy == policy { return "key" }
        let project = admitted.entry.project.flatMap { live.blueprint.project(named: $0) }.flatMap { live.blueprint.projects[$0].policy }
        if project == policy { return "project" }
        return live.blueprint.defaultPolicy == policy ? "organisation" : "request"
    }

    mutating func fill(served deployment: Deployment.ID, _ live: Live) {
        modelUsed = live.table.deployments[deployment].model
        providerUsed = live.table.deployments[deployment].provider
    }
}
