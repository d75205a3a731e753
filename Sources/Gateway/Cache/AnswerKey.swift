import Guarding
import NIOCore
import Routing
import Settings
import Translation
import Wire

/// All that an answer depends on, written one behind the other, each behind its length: two requests whose digests are the same ask the
/// same, for the same tenant, under settings that answer alike.
struct AnswerKey {
    /// Another number makes all kept answers unknown: for changes of what is written here.
    private static let format: UInt8 = 2

    private var bytes = [Self.format]

    /// Nil: the request's body is no object.
    /// - Parameter body: As it came: what guardrails mask in it is told apart.
    static func digest(of admitted: Admitted, _ body: ByteBuffer, _ policy: CachePolicy, _ caching: Caching, _ live: Live) -> AnswerDigest? {
        guard let body = body.withUnsafeReadableBytes({ CanonicalBody($0) }) else { return nil }
        var key = AnswerKey()
        key.add(tenant: admitted, policy, caching, live)
        key.add(call: admitted)
        key.add(way: admitted, live)
        key.add(guarding: admitted.guarded)
        key.add(body.bytes)
        return AnswerDigest(bytes: Caching.digest(key.bytes))
    }

    private mutating func add(_ part: some Collection<UInt8>) {
        withUnsafeBytes(of: UInt64(part.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: part)
    }

    private mutating func add(_ text: String?) {
        add([text == nil ? 0 : 1])
        add((text ?? "").utf8)
    }

    /// Whose it is: nobody else's request has this. Settings of the key and its project stand for their guardrails too.
    private mutating func add(tenant admitted: Admitted, _ policy: CachePolicy, _ caching: Caching, _ live: Live) {
        let project = admitted.entry.project
        if policy.share == .project, let project {
            add("project")
            add(project)
        } else {
            add("key")
            add(live.keyName(admitted.key))
            add(project)
        }
        let customer = admitted.entry.customer.map { live.blueprint.customers[$0].name } ?? ownCustomer(of: admitted.key, live)
        add(customer)
        add(caching.settings)
        for part in caching.settings(key: admitted.key, project: project, customer: customer) { add(part) }
    }

    private func ownCustomer(of key: Int, _ live: Live) -> String? {
        live.standing(of: key).customer.map { live.blueprint.customers[$0].name }
    }

    /// What was asked in which dialect, and how the answer is packed: a stream answers streams, a whole answer whole ones.
    private mutating func add(call admitted: Admitted) {
        let call = admitted.call
        add([admitted.api.rawValue, call.stream ? 1 : 0, call.framing.rawValue, admitted.events.rawValue, call.asksUsage ? 1 : 0])
        add(call.pathModel)
        add(admitted.passed.map { $0.withUnsafeReadableBytes { Array($0) } } ?? [])
    }

    /// Where it goes and why: what headers, tags, conditions and rules had a say in.
    private mutating func add(way admitted: Admitted, _ live: Live) {
        let entry = admitted.entry
        let facts = admitted.journey.facts
        add(admitted.isOwnRoute(live) ? entry.inline?.name : live.routeName(entry.model.route))
        add(live.routeName(admitted.baselineRoute, or: ""))
        add(entry.model.mode?.rawValue)
        add(entry.policy.map { live.blueprint.policies[$0].name })
        add(entry.provider)
        add(facts.provider)
        add(facts.region)
        for list in [facts.tags, facts.regions, facts.deniedRegions] {
            add("\(list.count)")
            for text in list { add(text) }
        }
        add([admitted.journey.fallbacksDisabled ? 1 : 0])
        if let hit = admitted.ruling?.hit {
            add("\(hit.policy)/\(hit.index)")
        } else {
            add(nil)
        }
        for (source, value) in zip(entry.inline?.sources ?? live.sources, facts.values) where source.isOfRequest { add(value) }
    }

    /// What guardrails and firewall do here: their settings count already, rules that hold for some requests only do so here.
    private mutating func add(guarding guarded: GuardedRequest?) {
        add(guarded.map { $0.asked.map { $0 ? 1 : 0 } } ?? [2])
        add(guarded?.route)
        // What they find changes with them.
        if guarded != nil { add(Guard.fingerprint) }
    }

    private mutating func add(_ value: Value) {
        switch value {
        case .missing: add([0])
        case .flag(let flag): add([1, flag ? 1 : 0])
        case .number(let number): withUnsafeBytes(of: number.bitPattern.littleEndian) { add([2] + Array($0)) }
        case .text(let text):
            add([3])
            add(text.utf8)
        case .list(let items):
            add([4, UInt8(clamping: items.count)])
            add("\(items.count)")
            for item in items { add(item) }
        }
    }
}

extension FieldSource {
    /// What a request says, and when it says it; not how limits, budgets and signals stand, which decide who serves and not what is asked.
    fileprivate var isOfRequest: Bool {
        switch self {
        case .limiter, .signal, .account, .nothing: false
        default: true
        }
    }
}
