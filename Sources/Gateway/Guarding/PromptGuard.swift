import Guarding
import NIOCore
import Routing
import Settings
import Storage
import Translation
import Wire

/// Asks guardrails and firewall about one prompt, whatever its dialect: the one place where this is done. Linear in the body.
struct PromptGuard {
    let live: Live
    let server: Server
    let guards: LiveGuards
    /// Nil: the request needs no key.
    let key: Int?
    let api: API
    /// Where the request goes, if that route has guards of its own.
    var route: Int?

    /// What came of looking at a prompt.
    struct Look {
        let guarded: GuardedRequest
        /// Goes to the provider in the body's place. Nil: that goes as it is.
        var body: [UInt8]?
        /// The one that the request named, where its key belongs to none.
        let project: String?
    }

    /// Nil: no policy guards the request.
    /// - Parameter checker: The guard of a policy, by its index.
    func look(
        at view: RequestView, now: Instant, unixMilliseconds: Int64, _ texts: inout PromptTexts, checker: (Int) -> Guard
    ) -> Look? {
        let project = namedProject(view)
        let named = project.flatMap { live.blueprint.project(named: $0) }
        guard let policy = guards.table.policy(of: key, naming: named, over: route) else { return nil }
        let asked = asked(view, project: project, now: now, unixMilliseconds: unixMilliseconds)
        var look = Look(guarded: GuardedRequest(checker(policy), asked: asked), project: project)
        if look.guarded.policy.looksAtPrompts { look.body = check(view.body, look.guarded, &texts) }
        return look
    }

    private func namedProject(_ view: RequestView) -> String? {
        guard let key, live.standing(of: key).project == nil else { return nil }
        return view.text(view.call.extras.project) ?? view.text(view.head.projectID)
    }

    private func check(_ body: UnsafeRawBufferPointer, _ guarded: GuardedRequest, _ texts: inout PromptTexts) -> [UInt8]? {
        defer { if texts.isLarge { texts = PromptTexts() } else { texts.clear() } }
        PromptReader.read(body, api, into: &texts)
        let masked = guarded.check(texts.texts)
        guard guarded.outcome.blocking == nil, masked.contains(where: { $0 != nil }) else { return nil }
        return texts.replacing(masked, in: body)
    }

    /// As `check`, of JSON that belongs to the request: the same values get the same stand-ins, and nothing is counted.
    func masked(_ json: [UInt8], _ guarded: GuardedRequest) -> [UInt8] {
        var texts = PromptTexts()
        return json.withUnsafeBytes { raw in
            PromptReader.read(raw, .passThrough, into: &texts)
            let masked = guarded.masked(texts.texts)
            return masked.contains { $0 != nil } ? texts.replacing(masked, in: raw) : json
        }
    }

    // MARK: Conditions

    /// For each rule of the firewall whether it is asked for this request.
    private func asked(_ view: RequestView, project: String?, now: Instant, unixMilliseconds: Int64) -> [Bool] {
        guard !guards.sources.isEmpty else { return [] }
        let admission = Admission(live: live, server: server, view: view, key: key ?? 0, now: now, unixMilliseconds: unixMilliseconds, isDry: true)
        let standing = key.map { live.standing(of: $0) }
        let virtualKey = live.blueprint.keys.isEmpty || key == nil ? nil : key.map { live.blueprint.keys[$0] }
        let name = standing?.project ?? project
        let found = name.flatMap { live.blueprint.project(named: $0) }.map { live.blueprint.projects[$0] }
        let overrides = standing?.overrides ?? .all
        let context = admission.context(
            mode: nil, project: name, policy: standing?.policy,
            RequestTags(keyTags: virtualKey?.tags ?? found?.tags ?? [], view, own: overrides.contains(.tags)),
            admission.region(virtualKey, overrides), virtualKey, found, LimiterReadings([], server.limiters, isDry: true))
        return guards.asked { view.value(of: $0, in: context, signals: server.signals) }
    }
}

extension Refusal {
    /// What was found is told by the name of who found it, and not by what it says.
    init?(_ outcome: GuardOutcome, _ policy: GuardPolicy) {
        guard let found = outcome.blocking else { return nil }
        if found.kind == .firewall {
            self.init(.firewallBlocked, "the firewall's rule `\(found.detail)` blocks this request", param: found.detail)
            status = policy.firewallStatus
        } else {
            let what = found.kind == .personalData ? ": it found \(found.detail)" : ""
            self.init(.guardrailBlocked, "the guardrail `\(found.kind.name)` blocks this request\(what)", param: found.kind.name)
        }
    }
}
