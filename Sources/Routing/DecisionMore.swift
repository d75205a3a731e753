/// What few decisions have, as bytes behind the others: see `Decision.encoded`.
extension Decision {
    static let longestMore =
        1 + 4 * 4 + 3 * CompactWriter.longestNumber + 3 * 4 + CompactWriter.longestNumber + longestLearnt
        + 3 * CompactWriter.longestNumber
    private static let longestLearnt = 3 + 3 * 4 + 4 * Lesson.mostRungs + 2 * CompactWriter.longestNumber

    private static let hasComplexity: UInt8 = 1
    private static let hasTerms: UInt8 = 2
    private static let hasTime: UInt8 = 4
    private static let hasLearnt: UInt8 = 8
    private static let hasWarm: UInt8 = 16

    var hasMore: Bool { nanoseconds != 0 || hasRarities }

    func writeMore(_ writer: inout CompactWriter) {
        guard hasRarities else {
            writer.byte(Self.hasTime)
            return writer.number(UInt64(nanoseconds))
        }
        let flags =
            (complexity == nil ? 0 : Self.hasComplexity) | (terms == nil ? 0 : Self.hasTerms) | (nanoseconds == 0 ? 0 : Self.hasTime)
            | (complexity?.learnt == nil ? 0 : Self.hasLearnt) | (warm == nil ? 0 : Self.hasWarm)
        writer.byte(flags)
        if let complexity {
            for value in [complexity.score, complexity.inContext, complexity.adjusted ?? .nan, complexity.chance ?? .nan] { writer.float(value) }
            writer.count(complexity.tier)
            writer.count(complexity.tiers)
            writer.byte(complexity.trouble.rawValue)
        }
        if let terms { for value in [terms.cost, terms.quality, terms.latency] { writer.float(value) } }
        if nanoseconds != 0 { writer.number(UInt64(nanoseconds)) }
        complexity?.learnt?.write(&writer)
        if let warm {
            writer.optional(warm.instead)
            writer.count(warm.tokens)
            writer.number(warm.saving.map { UInt64(clamping: $0.amount) + 1 } ?? 0)
        }
    }

    /// False for what no version of this program wrote.
    mutating func readMore(_ reader: inout CompactReader) -> Bool {
        let known = Self.hasComplexity | Self.hasTerms | Self.hasTime | Self.hasLearnt | Self.hasWarm
        guard let flags = reader.byte(), flags & ~known == 0 else { return false }
        if flags & Self.hasComplexity != 0 {
            guard let read = Complexity(&reader) else { return false }
            complexity = read
        }
        if flags & Self.hasTerms != 0 {
            guard let cost = reader.float(), let quality = reader.float(), let latency = reader.float(),
                cost.isFinite, quality.isFinite, latency.isFinite
            else { return false }
            terms = Terms(cost: cost, quality: quality, latency: latency)
        }
        if flags & Self.hasTime != 0 {
            guard let read = reader.count() else { return false }
            nanoseconds = UInt32(clamping: read)
        }
        if flags & Self.hasLearnt != 0 {
            guard complexity != nil, let learnt = Learnt(&reader) else { return false }
            complexity?.learnt = learnt
        }
        if flags & Self.hasWarm != 0 {
            guard let instead = reader.optional(), let tokens = reader.count(), tokens > 0, let saving = reader.number(), saving <= Int64.max
            else { return false }
            warm = Warm(instead: instead, tokens: tokens, saving: saving == 0 ? nil : Nanodollars(Int64(saving) - 1))
        }
        return true
    }
}

extension Decision.Complexity {
    fileprivate init?(_ reader: inout CompactReader) {
        guard let score = reader.float(), let inContext = reader.float(), let adjusted = reader.float(), let chance = reader.float(),
            let tier = reader.count(), let tiers = reader.count(), let trouble = reader.byte().flatMap(Appraisal.Trouble.init(rawValue:)),
            score.isFinite, inContext.isFinite, tier <= tiers
        else { return nil }
        self.init(Appraisal(score: score, inContext: inContext))
        self.trouble = trouble
        self.adjusted = adjusted.isFinite ? adjusted : nil
        self.chance = chance.isFinite ? chance : nil
        (self.tier, self.tiers) = (tier, tiers)
    }
}

extension Decision.Learnt {
    fileprivate func write(_ writer: inout CompactWriter) {
        writer.byte(task)
        writer.byte((isTrial ? 1 : 0) | (isOpen ? 2 : 0))
        writer.byte(axis.number)
        for value in [frozen, offset, propensity] { writer.float(value) }
        let kept = limits.prefix(Lesson.mostRungs)
        writer.count(kept.count)
        for limit in kept { writer.float(limit) }
        writer.count(rung)
    }

    fileprivate init?(_ reader: inout CompactReader) {
        guard let task = reader.byte(), let flags = reader.byte(), flags < 4, let axis = reader.byte().flatMap(Intelligent.Axis.init(number:)),
            let frozen = reader.float(), let offset = reader.float(), let propensity = reader.float(), let count = reader.length(),
            frozen.isFinite, offset.isFinite, propensity.isFinite, count <= Lesson.mostRungs
        else { return nil }
        self.init(Appraisal.Learnt(task: task, frozen: frozen, offset: offset))
        for _ in 0..<count {
            guard let limit = reader.float(), limit.isFinite else { return nil }
            limits.append(limit)
        }
        guard let rung = reader.count(), rung < max(1, count) else { return nil }
        (isTrial, isOpen, self.rung) = (flags & 1 != 0, flags & 2 != 0, rung)
        (self.axis, self.propensity) = (axis, propensity)
    }
}
