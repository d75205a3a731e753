import NIOCore
import Routing
import Schema
import Settings
import Storage
import Translation
import Wire

/// Why a request does not go on as it came.
enum Obstacle: Error {
    case refused(Refusal)
    /// It names models of known providers that no deployment serves yet.
    case missing([(deployment: Deployment, upstream: Upstream)])
}

/// From a request that was read to its journey: which project and policy, which route, which rules. `explain` asks this too.
struct Admission {
    let live: Live
    let server: Server
    let view: RequestView
    /// Index of the virtual key.
    let key: Int
    let now: Instant
    /// Since 1970.
    let unixMilliseconds: Int64
    /// Only to explain: nothing is counted.
    var isDry = false
    /// What guardrails and firewall know of it. Nil: nobody has looked.
    var guarded: GuardedRequest?

    private var call: Call { view.call }

    func admit(_ body: ByteBuffer, deadline: Duration?) throws(Obstacle) -> Admitted {
        let standing = live.standing(of: key)
        var entry = try Entrance(self, standing).find()
        if let guarded, let route = guarded.route { try send(&entry, to: route) }
        guard live.isCurious || entry.inline?.sources.isEmpty == false else {
            let plain = try admitted(entry, nil, Facts(of: call, view.body, key: key, standing), standing, body, deadline)
            appraise(plain)
            if view.mayHaveTags {
                plain.tags = RequestTags(keyTags: live.keyTags(key), view, own: standing.overrides.contains(.tags)).own
            }
            return plain
        }
        var (ruled, facts, tags) = (entry, Facts(of: call, view.body, key: key, standing), [String]())
        let ruling = try ask(&ruled, &facts, &tags, standing.overrides)
        let admitted = try admitted(ruled, ruling, facts, standing, body, deadline)
        admitted.tags = tags
        appraise(admitted)
        admitted.baselineRoute = entry.model.route
        return admitted
    }

    /// What the request's way asks, or a condition has asked already.
    private func appraise(_ admitted: Admitted) {
        if let known = view.appraisal {
            admitted.journey.appraised(known)
        } else {
            server.appraise(admitted, admitted.table(live), learns: live.learning != nil)
        }
    }

    /// Facts and journey are large, and a copy of one is a dozen counts of references: each is made where it stays.
    private func admitted(
        _ entry: consuming Entry, _ ruling: consuming Ruling?, _ facts: consuming Facts, _ standing: Live.Standing, _ body: ByteBuffer,
        _ deadline: Duration?
    ) throws(Obstacle) -> Admitted {
        if let table = entry.inline?.table, !server.router.extend(with: table) {
            throw .refused(Refusal(.overloaded, "settings changed while the request waited; send it again"))
        }
        if let provider = entry.provider { facts.provider = provider }
        // A project that the request names itself, which only keys without one may.
        if let name = entry.project, name != standing.project, let demand = live.residency(ofProject: name) {
            facts.residency = (standing.residency ?? Residency()).within(demand)
        }
        let (table, route, policy, mode) = (entry.inline?.table ?? live.table, entry.model.route, entry.policy, entry.model.mode)
        let (hit, fallbacks) = (ruling?.hit, entry.inline?.fallbacks)
        let admitted = Admitted(
            call: call, api: view.api, key: key, body: body, entry: entry, ruling: ruling,
            journey: Journey(in: table, route: route, facts: facts, envelope: live.envelope(now, timeout: deadline)))
        if let mode { admitted.journey.mode = mode }
        if let hit { admitted.journey.ruleHits = [hit] }
        if let policy { admitted.journey.policy = live.blueprint.policies[policy].rules }
        if let fallbacks { admitted.journey.fallbacks = fallbacks }
        if let guarded {
            admitted.guarded = guarded
            // Where a guardrail sent it, and nowhere else.
            if guarded.route != nil { admitted.journey.fallbacksDisabled = true }
        }
        if live.compresses, live.compression(of: admitted).mode != .off { admitted.journey.windows = .yield }
        admitted.journey.keepsDecision = call.extras.includesRouting || server.keepsDecisions || live.telemetry != nil
        if call.hasExtras { heed(call.extras, standing.overrides, &admitted.journey) }
        return admitted
    }

    /// What the request says of its attempts.
    private func heed(_ extras: Call.Extras, _ overrides: Overrides, _ journey: inout Journey) {
        if extras.retries != nil, overrides.contains(.retries) { journey.maxRetries = extras.retries }
        if extras.timeout != nil, overrides.contains(.timeout) { journey.timeout = extras.timeout }
        if extras.disablesFallbacks, overrides.contains(.fallbacks) { journey.fallbacksDisabled = true }
    }

    /// What a rule said of a request, and what goes with its answer.
    struct Ruling {
        var hit: RuleHit?
        /// A header line.
        var warning: ByteBuffer?
        var overrides = BodyOverrides.none
        /// What limiters count once the request has ended.
        var charges: [Limiters.Charge] = []
    }

    // MARK: Tags, region, conditions, rules

    /// What only some settings ask of a request: tags, the caller's region, conditions, rules.
    private func ask(
        _ entry: inout Entry, _ facts: inout Facts, _ own: inout [String], _ overrides: Overrides
    ) throws(Obstacle) -> Ruling {
        let virtualKey = live.blueprint.keys.isEmpty ? nil : live.blueprint.keys[key]
        let project = entry.project.flatMap { live.blueprint.project(named: $0) }.map { live.blueprint.projects[$0] }
        let limiters = LimiterReadings((entry.inline?.limiters ?? []) + live.blueprint.limiters, server.limiters, isDry: isDry)
        var tags = RequestTags(keyTags: virtualKey?.tags ?? project?.tags ?? [], view, own: overrides.contains(.tags))
        (facts.tags, own) = (tags.names, tags.own)
        facts.region = region(virtualKey, overrides)
        facts.values = values(entry, tags, facts.region, virtualKey, project, limiters)
        guard let policy = entry.policy.flatMap({ live.blueprint.policies[$0].rules }),
            let hit = server.router.rule(of: policy, facts: facts, at: now)
        else { return Ruling(charges: limiters.charges) }
        var ruling = Ruling(hit: hit)
        ruling.warning = hit.actions.warn.map { ByteBuffer(string: "x-swiftlet-warning: \($0.headerSafe)\r\n") }
        if let deny = hit.actions.deny {
            if live.hasTrials { noteDenied(entry) }
            throw .refused(Refusal(.deniedByRule, deny.isEmpty ? "denied by rule `\(hit.name)`" : deny))
        }
        if let params = hit.actions.params { ruling.overrides = Self.overrides(params) }
        if !entry.isOwn { apply(hit.actions, hit.route, to: &entry) }
        if !hit.actions.addTags.isEmpty {
            for tag in hit.actions.addTags { tags.add(tag) }
            (facts.tags, own) = (tags.names, tags.own)
        }
        if !hit.actions.addTags.isEmpty { facts.values = values(entry, tags, facts.region, virtualKey, project, limiters) }
        ruling.charges = limiters.charges
        return ruling
    }

    /// A guardrail's route takes the place of whatever the request named.
    private func send(_ entry: inout Entry, to name: String) throws(Obstacle) {
        guard let route = live.blueprint.names[name]?.route ?? live.table.route(named: name) else {
            throw .refused(Refusal(.noEligibleDeployment, "there is no route `\(name)`, to which a guardrail sends this request"))
        }
        entry.model = NamedModel(route: route, name: name, hidden: true)
        (entry.inline, entry.provider, entry.isOwn) = (nil, nil, true)
    }

    private func apply(_ actions: Routing.RuleActions, _ route: Route.ID?, to entry: inout Entry) {
        if let route { entry.model = NamedModel(route: route, name: live.routeName(route), hidden: true) }
        if let mode = actions.mode { entry.model.mode = mode }
        if let provider = actions.provider { entry.provider = provider }
    }

    private static func overrides(_ json: String) -> BodyOverrides {
        (try? BodyOverrides(Array(json.utf8))) ?? .none  // settings have checked that it is an object
    }

    /// The header, else the key's, else the request's metadata, else where the connection comes from.
    func region(_ virtualKey: VirtualKey?, _ overrides: Overrides) -> String? {
        let own = overrides.contains(.region)
        if own, let region = view.text(view.head.swiftletRegion) { return region }
        if let region = virtualKey?.region { return region }
        if own, call.metadata != nil, let region = view.metadata?["region"]?.scalar { return region }
        let table = live.blueprint.regions
        return table.isEmpty ? nil : view.remote().flatMap { table.region(of: $0) }
    }

    private func values(
        _ entry: Entry, _ tags: RequestTags, _ region: String?, _ virtualKey: VirtualKey?, _ project: Project?, _ limiters: LimiterReadings
    ) -> [Value] {
        let sources = entry.inline?.sources ?? live.sources
        guard !sources.isEmpty else { return [] }
        let context = context(
            mode: entry.model.mode, project: entry.project, policy: entry.policy, tags, region, virtualKey, project, limiters)
        let readsComplexity = readsComplexity(entry)
        return sources.map { source in
            if source == .complexity, !readsComplexity { return .missing }
            return view.value(of: source, in: context, signals: server.signals)
        }
    }

    /// Whether anything on its way may look at its score. Shadows look at what the request had, so there it is scored.
    private func readsComplexity(_ entry: Entry) -> Bool {
        if entry.inline != nil || live.hasTrials || !live.table.routes.indices.contains(entry.model.route) { return true }
        return live.table.readsComplexity(route: entry.model.route, policy: entry.policy.flatMap { live.blueprint.policies[$0].rules })
    }

    func context(
        mode: AutoMode?, project name: String?, policy: Int?, _ tags: RequestTags, _ region: String?, _ virtualKey: VirtualKey?,
        _ project: Project?, _ limiters: LimiterReadings
    ) -> RequestContext {
        RequestContext(
            key: virtualKey, keyName: live.keyName(key), tags: tags, region: region, mode: mode, project: name,
            projectPolicy: (project?.policy ?? live.blueprint.defaultPolicy).map { live.blueprint.policies[$0].name },
            policy: policy.map { live.blueprint.policies[$0].name }, limiters: limiters,
            balances: BalanceReadings(server.accounts, key: live.keyName(key), project: name, at: server.accounts.unixMilliseconds(at: now)),
            guarded: guarded, unixMilliseconds: unixMilliseconds, appraiser: server.appraiser,
            tutor: live.learning == nil ? nil : server.learning.tutor(of: name))
    }
}

/// What admission found out; what an exchange begins with and goes on with.
final class Admitted {
    let call: Call
    let api: API
    let key: Int
    let body: ByteBuffer
    let entry: Entry
    /// Nil: nobody was asked.
    let ruling: Admission.Ruling?
    var journey: Journey
    /// What it came for, before a rule sent it elsewhere: savings are measured there.
    var baselineRoute: Route.ID
    /// Tags that it or a rule adds to those of its key.
    var tags: [String] = []
    /// Header lines of the client that go on to a provider of the same dialect.
    var passed: ByteBuffer?
    /// What it holds of limits and budgets. Nil: nobody counts or limits it.
    var claim: Claim?
    /// Where it is noted while it is in flight, if it has no claim; -1: nowhere.
    var openSlot: Int32 = -1
    /// What guardrails and firewall know of it. Nil: nobody looks at its prompt or its reply.
    var guarded: GuardedRequest?
    private var rare: RareParts?
    /// How the client wants the events of its stream named.
    var events = EventNames.usual

    init(
        call: Call, api: API, key: Int, body: ByteBuffer, entry: consuming Entry, ruling: consuming Admission.Ruling?, journey: consuming Journey
    ) {
        self.call = call
        self.api = api
        self.key = key
        self.body = body
        baselineRoute = entry.model.route
        self.entry = entry
        self.ruling = ruling
        self.journey = journey
    }

    /// What few requests have: apart, so that the object of all others stays small.
    private final class RareParts {
        var moderation: ByteBuffer?
        var ticket: IdempotencyTicket?
        var trace: TraceContext?
        var cache: CacheTicket?
    }

    private subscript<Part>(_ part: ReferenceWritableKeyPath<RareParts, Part?>) -> Part? {
        get { rare?[keyPath: part] }
        set {
            if rare == nil {
                if newValue == nil { return }
                rare = RareParts()
            }
            rare?[keyPath: part] = newValue
        }
    }

    /// A header line that says what a moderation endpoint warned of.
    var moderation: ByteBuffer? {
        get { rare?.moderation }
        set { self[\.moderation] = newValue }
    }
    /// Its hold on its `Idempotency-Key`.
    var ticket: IdempotencyTicket? {
        get { rare?.ticket }
        set { self[\.ticket] = newValue }
    }
    /// Where it stands in a trace. Nil: nobody traces it.
    var trace: TraceContext? {
        get { rare?.trace }
        set { self[\.trace] = newValue }
    }
    /// How it stands to answers that are kept. Nil: its settings keep none.
    var cache: CacheTicket? {
        get { rare?.cache }
        set { self[\.cache] = newValue }
    }

    var model: NamedModel { entry.model }

    /// The table that its journey goes by.
    func table(_ live: Live) -> RoutingTable { entry.inline?.table ?? live.table }

    /// The header line that names its route.
    func routeLine(_ live: Live) -> ByteBuffer { isOwnRoute(live) ? entry.inline!.line : live.routeLines[entry.model.route] }

    /// Its route is none of the table's, but came with the request.
    func isOwnRoute(_ live: Live) -> Bool { entry.model.route >= live.routeLines.count }
}
