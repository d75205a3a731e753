/// A decision as bytes, for the ledger: about 40 with eight candidates. Everything is a number of the table's; see `DecisionNames`.
///
///     version seed(8) table policy entry route reason mode confidence chosen leaf left-because
///     count of hits: policy rule, count of observations: field value
///     count of candidates: deployment verdict
///     verdict: its code, + 0x80 with a score; what belongs to the code; the score (4); faults where it rests
///     version 2 alone: flags; with 1 score, in context, adjusted, chance (4 each, not a number: none), tier, tiers, trouble;
///     with 2 worth by cost, quality, latency (4 each); with 4 nanoseconds of deciding; with 8 what learning had to do with it;
///     with 16 what its provider remembers: the deployment left for that, tokens, nanodollars expected to be saved
///
/// Times are milliseconds from the decision on, for its clock ends with its process.
extension Decision {
    private static let version: UInt8 = 1
    /// With something behind the candidates.
    private static let longVersion: UInt8 = 2
    private static let longestField = 48
    private static let longestValue = 64
    private static let mostHits = 16
    private static let mostObserved = 16

    public var encoded: [UInt8] { CompactWriter.bytes(atMost: bound) { write(&$0) } }

    /// The same bytes, lent to whoever keeps them in a place of their own.
    public func withEncoded(_ body: (UnsafeRawBufferPointer) -> Void) { CompactWriter.lend(atMost: bound, { write(&$0) }, body) }

    private func write(_ writer: inout CompactWriter) {
        writer.byte(hasMore ? Self.longVersion : Self.version)
        writer.fixed(seed)
        writer.number(UInt64(truncatingIfNeeded: tableVersion))
        writer.optional(policy)
        writer.count(entry)
        writer.count(route)
        writer.byte(reason.rawValue)
        writer.byte(mode.flatMap { AutoMode.allCases.firstIndex(of: $0) }.map { UInt8($0) + 1 } ?? 0)
        // In two hundredths; finer nobody reads.
        writer.byte(confidence.map { UInt8((max(0, min(1, $0.isFinite ? $0 : 0)) * 200).rounded()) } ?? .max)
        writer.optional(chosen)
        writer.optional(leaf < 0 ? nil : leaf)
        Self.write(leftBecause, score: nil, faults: 0, at: at, &writer)
        writer.count(min(hits.count, Self.mostHits))
        for hit in hits.prefix(Self.mostHits) { Self.write(hit, &writer) }
        writer.count(candidates.count)
        for candidate in candidates {
            writer.count(candidate.deployment)
            if candidate.excludedBecause == nil, candidate.score == nil {
                writer.byte(0)
            } else {
                Self.write(candidate.excludedBecause, score: candidate.score, faults: candidate.recentFaults, at: at, &writer)
            }
        }
        if hasMore { writeMore(&writer) }
    }

    /// No encoding has more bytes.
    private var bound: Int {
        let number = CompactWriter.longestNumber
        // A byte, a detail, a score, faults.
        let verdict = 1 + number + 4 + number
        var bound = 16 + 8 * number + verdict + candidates.count * (number + verdict) + Self.longestMore
        for hit in hits.prefix(Self.mostHits) {
            let observed = min(hit.observed.count, Self.mostObserved)
            bound += 3 * number + observed * (2 * number + Self.longestField + Self.longestValue)
        }
        return bound
    }

    private static func write(_ hit: Hit, _ writer: inout CompactWriter) {
        writer.count(hit.policy)
        writer.count(hit.rule)
        writer.count(min(hit.observed.count, mostObserved))
        for seen in hit.observed.prefix(mostObserved) {
            writer.text(seen.field, longest: longestField)
            writer.text(seen.value, longest: longestValue)
        }
    }

    /// Nil for what no version of this program wrote. `at` is zero then, and times count from it.
    public init?(decoding bytes: [UInt8]) {
        var reader = CompactReader(bytes)
        guard let version = reader.byte(), version == Self.version || version == Self.longVersion, let seed = reader.fixed(),
            let table = reader.number(), let policy = reader.optional(),
            let entry = reader.count(), let route = reader.count(), let reason = reader.byte().flatMap(Reason.init(rawValue:)),
            let mode = reader.byte(), mode <= AutoMode.allCases.count, let confidence = reader.byte(), confidence <= 200 || confidence == .max,
            let chosen = reader.optional(), let leaf = reader.optional(), let left = Self.readVerdict(&reader), let hits = reader.length()
        else { return nil }
        self.init()
        (self.seed, tableVersion, self.policy, self.entry, self.route) = (seed, Int(truncatingIfNeeded: table), policy, entry, route)
        (self.reason, self.chosen, self.leaf, leftBecause) = (reason, chosen, leaf ?? -1, left.excludedBecause)
        self.mode = mode == 0 ? nil : AutoMode.allCases[Int(mode) - 1]
        self.confidence = confidence == .max ? nil : Float(confidence) / 200
        for _ in 0..<hits {
            guard let hit = Self.readHit(&reader) else { return nil }
            self.hits.append(hit)
        }
        guard let count = reader.length() else { return nil }
        for _ in 0..<count {
            guard let deployment = reader.count(), var candidate = Self.readVerdict(&reader) else { return nil }
            candidate.deployment = deployment
            candidates.append(candidate)
        }
        if version == Self.longVersion, !readMore(&reader) { return nil }
        guard reader.isAtEnd else { return nil }
    }

    private static func readHit(_ reader: inout CompactReader) -> Hit? {
        guard let policy = reader.count(), let rule = reader.count(), let count = reader.length() else { return nil }
        var hit = Hit(policy: policy, rule: rule)
        for _ in 0..<count {
            guard let field = reader.text(), let value = reader.text() else { return nil }
            hit.observed.append(Hit.Observation(field: field, value: value))
        }
        return hit
    }

    // MARK: Verdicts

    private static let hasScore: UInt8 = 0x80

    private static func write(_ reason: Ineligibility?, score: Float?, faults: Int, at: Instant, _ writer: inout CompactWriter) {
        let (code, detail) = reason?.code(at: at) ?? (0, nil)
        // Infinite where a strategy had nothing to measure: the same as none.
        let score = score.flatMap { $0.isFinite ? $0 : nil }
        writer.byte(code | (score == nil ? 0 : hasScore))
        if let detail { writer.number(detail) }
        if let score {
            writer.float(score)
        }
        if case .resting? = reason { writer.count(faults) }
    }

    /// A candidate without its deployment.
    private static func readVerdict(_ reader: inout CompactReader) -> Candidate? {
        guard let first = reader.byte() else { return nil }
        var candidate = Candidate(deployment: 0)
        let code = first & ~hasScore
        if code != 0 {
            var detail: UInt64 = 0
            if Ineligibility.hasDetail(code) {
                guard let read = reader.number() else { return nil }
                detail = read
            }
            guard let reason = Ineligibility(code: code, detail: detail) else { return nil }
            candidate.excludedBecause = reason
        }
        if first & hasScore != 0 {
            guard let score = reader.float(), score.isFinite else { return nil }
            candidate.score = score
        }
        if case .resting? = candidate.excludedBecause {
            guard let faults = reader.count() else { return nil }
            candidate.recentFaults = faults
        }
        return candidate
    }
}

extension Ineligibility {
    /// Stored: a code never changes its meaning. Details are milliseconds, limits or bits; the largest number is forever.
    func code(at now: Instant) -> (UInt8, UInt64?) {
        switch self {
        case .tried: (1, nil)
        case .resting(let until): (2, Self.milliseconds(from: now, to: until))
        case .probing: (3, nil)
        case .parallelLimit(let limit): (4, UInt64(max(0, limit)))
        case .paused: (5, nil)
        case .region: (6, nil)
        case .tags: (7, nil)
        case .contextTooSmall(let window): (8, UInt64(max(0, window)))
        case .lacks(let needs): (9, UInt64(needs.rawValue))
        case .notAllowed: (10, nil)
        case .unpriced: (11, nil)
        case .tooDear: (12, nil)
        case .rateLimit(let until): (13, Self.milliseconds(from: now, to: until))
        case .provider: (14, nil)
        case .budget(let until): (15, Self.milliseconds(from: now, to: until))
        case .closedBranch: (20, nil)
        case .kind: (21, nil)
        case .retention: (22, nil)
        }
    }

    static func hasDetail(_ code: UInt8) -> Bool { [2, 4, 8, 9, 13, 15].contains(code) }

    init?(code: UInt8, detail: UInt64) {
        switch code {
        case 1: self = .tried
        case 2: self = .resting(until: Self.instant(after: detail))
        case 3: self = .probing
        case 4: self = .parallelLimit(Int(clamping: detail))
        case 5: self = .paused
        case 6: self = .region
        case 7: self = .tags
        case 8: self = .contextTooSmall(Int(clamping: detail))
        case 9: self = .lacks(Needs(rawValue: Needs.RawValue(truncatingIfNeeded: detail)))
        case 10: self = .notAllowed
        case 11: self = .unpriced
        case 12: self = .tooDear
        case 13: self = .rateLimit(until: Self.instant(after: detail))
        case 14: self = .provider
        case 15: self = .budget(until: Self.instant(after: detail))
        case 20: self = .closedBranch
        case 21: self = .kind
        case 22: self = .retention
        default: return nil
        }
    }

    private static func milliseconds(from now: Instant, to until: Instant) -> UInt64 {
        until == .distantFuture ? .max : UInt64(max(0, (until - now).nanoseconds / 1_000_000))
    }

    private static func instant(after milliseconds: UInt64) -> Instant {
        let (nanoseconds, overflow) = Int64(clamping: milliseconds).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .distantFuture : Instant(nanoseconds: nanoseconds)
    }
}

extension DecisionNames {
    private static let version: UInt8 = 1
    private static let longestName = 256

    public var encoded: [UInt8] {
        CompactWriter.bytes(atMost: bound) { writer in
            func list(_ names: [String]) {
                writer.count(names.count)
                for name in names { writer.text(name, longest: Self.longestName) }
            }
            writer.byte(Self.version)
            writer.number(UInt64(truncatingIfNeeded: tableVersion))
            list(deployments)
            list(routes)
            writer.count(policies.count)
            for policy in policies {
                writer.text(policy.name, longest: Self.longestName)
                list(policy.rules)
            }
            writer.count(paths.count)
            for path in paths { list(path) }
            writer.count(pathOfLeaf.count)
            for path in pathOfLeaf { writer.count(path) }
        }
    }

    /// No encoding has more bytes.
    private var bound: Int {
        let number = CompactWriter.longestNumber
        func list(_ names: [String]) -> Int { names.reduce(number) { $0 + number + min($1.utf8.count, Self.longestName) } }
        let policies = policies.reduce(0) { $0 + list([$1.name]) + list($1.rules) }
        return 1 + number * (4 + pathOfLeaf.count) + list(deployments) + list(routes) + policies + paths.reduce(0) { $0 + list($1) }
    }

    /// Nil for what no version of this program wrote.
    public init?(decoding bytes: [UInt8]) {
        var reader = CompactReader(bytes)
        func list() -> [String]? {
            guard let count = reader.length() else { return nil }
            var names: [String] = []
            for _ in 0..<count {
                guard let name = reader.text() else { return nil }
                names.append(name)
            }
            return names
        }
        guard reader.byte() == Self.version, let version = reader.number(), let deployments = list(), let routes = list(),
            let policies = reader.length()
        else { return nil }
        self.init()
        (tableVersion, self.deployments, self.routes) = (Int(truncatingIfNeeded: version), deployments, routes)
        for _ in 0..<policies {
            guard let name = reader.text(), let rules = list() else { return nil }
            self.policies.append(Policy(name: name, rules: rules))
        }
        guard let count = reader.length() else { return nil }
        for _ in 0..<count {
            guard let path = list() else { return nil }
            paths.append(path)
        }
        guard let leaves = reader.length() else { return nil }
        for _ in 0..<leaves {
            guard let path = reader.count(), path < paths.count else { return nil }
            pathOfLeaf.append(path)
        }
        guard reader.isAtEnd else { return nil }
    }
}
