import Routing

/// What sums are kept of: a stretch of time and names. One shape has all names but tags; the others, kept for what is over, have one
/// name each, or none, and are few.
struct UsageCell: Hashable, Sendable {
    enum Span: UInt8, CaseIterable, Sendable { case hour, day, month }

    enum Shape: UInt8, CaseIterable, Sendable {
        case all, key, project, customer, model, provider, deployment, policy
        /// A row counts in each of its tags, so these sums add up to more than there is.
        case tag
        case none
    }

    var shape = Shape.all
    var span = Span.hour
    /// When it begins, in hours since 1970.
    var start: Int64
    var key = NameID.none
    var project = NameID.none
    var customer = NameID.none
    var model = NameID.none
    var provider = NameID.none
    var deployment = NameID.none
    var policy = NameID.none
    var tag = NameID.none

    init(start: Int64) { self.start = start }

    /// That of a row, in its hour.
    init(_ row: UnsafePointer<LedgerEntry>) {
        start = UsageCalendar.hour(of: row.pointee.startedUnixMilliseconds)
        key = row.pointee.key
        project = row.pointee.project
        customer = row.pointee.customer
        model = row.pointee.model
        provider = row.pointee.provider
        deployment = row.pointee.deployment
        policy = row.pointee.policy
    }

    init(tag: NameID, start: Int64) {
        shape = .tag
        self.start = start
        self.tag = tag
    }

    subscript(dimension: UsageDimension) -> NameID {
        switch dimension {
        case .key: key
        case .project: project
        case .customer: customer
        case .model: model
        case .provider: provider
        case .deployment: deployment
        case .policy: policy
        case .tag: tag
        case .day, .hour: .none
        }
    }

    /// The same with one name alone, or as it is for `all` and `tag`.
    func reduced(to shape: Shape, _ span: Span) -> UsageCell {
        var cell = shape == .all || shape == .tag ? self : UsageCell(start: start)
        cell.shape = shape
        cell.span = span
        cell.start = UsageCalendar.start(of: span, at: start)
        switch shape {
        case .key: cell.key = key
        case .project: cell.project = project
        case .customer: cell.customer = customer
        case .model: cell.model = model
        case .provider: cell.provider = provider
        case .deployment: cell.deployment = deployment
        case .policy: cell.policy = policy
        case .all, .tag, .none: break
        }
        return cell
    }

    /// Where an hour that is over counts too.
    var folded: [UsageCell] {
        let shapes: [Shape] = shape == .tag ? [.tag] : Shape.allCases.filter { $0 != .tag }
        return shapes.flatMap { [reduced(to: $0, .day), reduced(to: $0, .month)] }
    }

    /// What differs most often first.
    static func == (left: UsageCell, right: UsageCell) -> Bool {
        left.deployment == right.deployment && left.key == right.key && left.start == right.start && left.model == right.model
            && left.project == right.project && left.customer == right.customer && left.provider == right.provider
            && left.policy == right.policy && left.tag == right.tag && left.shape == right.shape && left.span == right.span
    }

    func hash(into hasher: inout Hasher) {
        func pair(_ low: NameID, _ high: NameID) -> UInt64 {
            UInt64(UInt32(bitPattern: low.rawValue)) | UInt64(UInt32(bitPattern: high.rawValue)) << 32
        }
        hasher.combine(UInt64(bitPattern: start) << 8 ^ UInt64(shape.rawValue) << 4 ^ UInt64(span.rawValue))
        hasher.combine(pair(key, project))
        hasher.combine(pair(customer, model))
        hasher.combine(pair(provider, deployment))
        hasher.combine(pair(policy, tag))
    }
}

/// Sums of a batch of rows by cell: a batch writes each cell once.
struct UsageBatch: Sendable {
    private(set) var cells: [UsageCell] = []
    private(set) var sums: [LedgerTotals] = []
    private var places: [UsageCell: Int] = [:]
    private static let few = 8
    private var last = -1

    mutating func add(_ row: LedgerEntry) { withUnsafePointer(to: row) { add($0) } }

    /// By its place, since a row is large: handed over as a value it would be copied.
    /// - Parameter daysBefore: Of hours before this one only days are kept.
    mutating func add(_ row: UnsafePointer<LedgerEntry>, daysBefore: Int64 = .min) {
        let cell = UsageCell(row)
        let isOver = cell.start < daysBefore
        sums[place(of: isOver ? cell.reduced(to: .all, .day) : cell)].add(row)
        let tags = row.pointee.tags
        guard !tags.isEmpty else { return }
        for (index, tag) in tags.enumerated() where !tags[..<index].contains(tag) {
            let tagged = UsageCell(tag: tag, start: cell.start)
            sums[place(of: isOver ? tagged.reduced(to: .tag, .day) : tagged)].add(row)
        }
    }

    mutating func add(_ totals: LedgerTotals, to cell: UsageCell) { sums[place(of: cell)].add(totals) }

    /// Where a row counts in its hour.
    mutating func add(_ totals: LedgerTotals, toCellsOf row: LedgerEntry) {
        let cell = withUnsafePointer(to: row) { UsageCell($0) }
        add(totals, to: cell)
        for tag in Set(row.tags) { add(totals, to: UsageCell(tag: tag, start: cell.start)) }
    }

    /// Adds what hours before `hour` count in days and months too.
    mutating func fold(before hour: Int64) {
        for index in cells.indices where cells[index].start < hour && cells[index].span == .hour {
            for cell in cells[index].folded { add(sums[index], to: cell) }
        }
    }

    private mutating func place(of cell: UsageCell) -> Int {
        // Neighbours are often alike.
        if last >= 0, cells[last] == cell { return last }
        // A few are compared sooner than one is digested.
        if let known = cells.count <= Self.few ? cells.indices.first(where: { cells[$0] == cell }) : places[cell] {
            last = known
            return known
        }
        last = cells.count
        places[cell] = last
        cells.append(cell)
        sums.append(LedgerTotals())
        return last
    }
}

extension LedgerTotals {
    /// What one request may count at most in each sum, so that a thousand absurd ones still add up.
    private static let most: Int64 = 1 << 53

    mutating func add(_ row: LedgerEntry) { withUnsafePointer(to: row) { add($0) } }

    mutating func add(_ row: UnsafePointer<LedgerEntry>) {
        requests += 1
        attempts += Int64(row.pointee.attempts)
        switch row.pointee.state {
        case .done: break
        case .failed: failed += 1
        case .cancelled: cancelled += 1
        case .unknown: unknown += 1
        }
        if row.pointee.usage.estimated { estimated += 1 }
        if row.pointee.priced { priced += 1 }
        usage += row.pointee.usage.clamped(to: Self.most)
        let paid = min(max(0, row.pointee.cost.amount), Self.most)
        cost = cost + Nanodollars(paid)
        savedTokens += min(max(0, row.pointee.savedTokens), Self.most)
        savedCost = savedCost + Nanodollars(min(max(0, row.pointee.savedCost.amount), Self.most))
        if let baseline = row.pointee.baseline {
            compared = compared + Nanodollars(paid)
            self.baseline = self.baseline + Nanodollars(min(max(0, baseline.amount), Self.most))
        }
    }

    mutating func add(_ other: LedgerTotals) {
        requests &+= other.requests
        failed &+= other.failed
        cancelled &+= other.cancelled
        unknown &+= other.unknown
        attempts &+= other.attempts
        estimated &+= other.estimated
        priced &+= other.priced
        usage += other.usage
        cost = cost + other.cost
        compared = compared + other.compared
        baseline = baseline + other.baseline
        savedTokens &+= other.savedTokens
        savedCost = savedCost + other.savedCost
    }
}

extension Usage {
    fileprivate func clamped(to most: Int64) -> Usage {
        // Nearly always: none is negative, nor has a bit that `most` has not reached.
        let bits =
            input | cachedInput | cacheWrite | cacheWriteHour | output | reasoning | audioInput | audioOutput | imageInput | imageOutput
        guard bits < 0 || bits >= most else { return self }
        var usage = self
        for count in [
            \Usage.input, \.cachedInput, \.cacheWrite, \.cacheWriteHour, \.output, \.reasoning, \.audioInput, \.audioOutput, \.imageInput,
            \.imageOutput,
        ] { usage[keyPath: count] = min(max(0, usage[keyPath: count]), most) }
        return usage
    }
}
