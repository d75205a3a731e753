import Routing

/// A ledger that ends with the process: sums over everything, and the last rows.
///
/// A row given again is recognised while it is among the last `capacity` rows.
public final class MemoryStore: Store {
    struct State: Sendable {
        /// In order of arrival, a ring once it is full.
        var rows: [LedgerEntry] = []
        var oldest = 0
        /// By node, the highest id it gave: a generator's ids rise, so a higher one is new without looking for it.
        var highest = Array(repeating: Int64(-1), count: RequestID.nodes)
        var names: [NameID: StoredName] = [:]
        var numbers: [StoredName: NameID] = [:]
        var nextNode: Int
        var decisionNames: [[UInt8]] = []
        var events: [StoredEvent] = []
        var lastEvent: Int64 = 0
        var documents: [DocumentKind: [String: String]] = [:]
        /// By period, then by name.
        var counters: [Int: [String: Int]] = [:]
        var leases = MemoryLeases()
        var audit = MemoryAudit()
        var texts = MemoryTexts()
        var feedback: [RequestID: Feedback] = [:]
        var usage = MemoryUsage()
        var breaches = MemoryBreaches()
        var closed = false

        mutating func add(_ row: borrowing LedgerEntry, capacity: Int, _ receipt: inout AppendReceipt) {
            guard isNew(row, &receipt) else { return }
            var kept = copy row
            take(&kept, capacity: capacity)
        }

        mutating func isNew(_ row: borrowing LedgerEntry, _ receipt: inout AppendReceipt) -> Bool {
            let node = row.id.node
            if row.id.rawValue > highest[node] {
                highest[node] = row.id.rawValue
            } else if let at = place(of: row.id) {
                var again = copy row
                again.charges = []
                if rows[at] == again { receipt.repeated += 1 } else { receipt.clashing += 1 }
                return false
            }
            receipt.added += 1
            return true
        }

        /// As `take`, unless it is known. In one step: a row borrowed by a closure is copied.
        mutating func takeNew(_ row: inout LedgerEntry, capacity: Int) {
            var receipt = AppendReceipt()
            if isNew(row, &receipt) { take(&row, capacity: capacity) }
        }

        /// Leaves the row that had to give way, if any.
        mutating func take(_ row: inout LedgerEntry, capacity: Int) {
            withUnsafePointer(to: &row) { usage.add($0) }
            if !row.charges.isEmpty {
                leases.charge(row.charges)
                row.charges = []
            }
            if rows.count < capacity {
                rows.append(row)
            } else {
                swap(&rows[oldest], &row)
                oldest = oldest + 1 == capacity ? 0 : oldest + 1
            }
        }

        func place(of id: RequestID) -> Int? { rows.firstIndex { $0.id == id } }
    }

    let state: Locked<State>
    let capacity: Int
    let clock: @Sendable () -> Int64
    let isShared: Bool
    private let tagNumbers = TagNumbers()

    /// - Parameters:
    ///   - isShared: Whether several gateways of this process have it in common; else who joins takes the place of the one before.
    ///   - firstNode: Where leases of nodes begin: by chance, so that ids of two runs differ.
    ///   - clock: Milliseconds since 1970.
    public init(
        capacity: Int = 512, firstNode: Int = .random(in: 0..<RequestID.nodes), isShared: Bool = false,
        clock: @escaping @Sendable () -> Int64 = StoreClock.milliseconds
    ) {
        precondition(capacity > 0, "a memory store keeps at least one row")
        self.capacity = capacity
        self.clock = clock
        self.isShared = isShared
        state = Locked(State(nextNode: firstNode))
    }

    func with<Value: Sendable>(_ body: (inout sending State) -> sending Value) throws(StoreFailure) -> Value {
        let value: Value? = state.withLock { $0.closed ? nil : body(&$0) }
        guard let value else { throw StoreFailure(.closed, path: "", "the store is closed") }
        return value
    }

    public func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt {
        let rows = TagNumbers.isNeeded(rows) ? try tagNumbers.numbered(rows, by: self) : rows
        return try with { state in
            var receipt = AppendReceipt()
            rows.withUnsafeBufferPointer { rows in
                for at in rows.indices { state.add(rows[at], capacity: self.capacity, &receipt) }
            }
            return receipt
        }
    }

    /// As `append` of one row, which is moved here instead of copied.
    public func keep(_ row: inout LedgerEntry) throws(StoreFailure) {
        if !row.ownTags.isEmpty { try tagNumbers.number(&row, by: self) }
        try with { state in state.takeNew(&row, capacity: self.capacity) }
    }

    public func reopen() throws(StoreFailure) { try with { _ in } }

    public func intern(_ names: [String], as kind: NameKind) throws(StoreFailure) -> [NameID] {
        try with { state in
            names.map { text in
                let name = StoredName(kind: kind, name: text)
                if let number = state.numbers[name] { return number }
                let number = NameID(rawValue: Int32(state.names.count + 1))
                state.names[number] = name
                state.numbers[name] = number
                return number
            }
        }
    }

    public func names() throws(StoreFailure) -> [NameID: StoredName] { try with { $0.names } }

    public func leaseNodes(_ count: Int) throws(StoreFailure) -> Int {
        try with { state in
            defer { state.nextNode = (state.nextNode + count) % RequestID.nodes }
            return state.nextNode
        }
    }

    public func requests(after cursor: RequestID?, limit: Int) throws(StoreFailure) -> [LedgerEntry] {
        try with { state in
            let rows = state.rows.filter { row in cursor.map { row.id > $0 } ?? true }
            return Array(rows.sorted { $0.id < $1.id }.prefix(max(0, limit)))
        }
    }

    public func request(_ id: RequestID) throws(StoreFailure) -> LedgerEntry? { try with { state in state.place(of: id).map { state.rows[$0] } } }

    public func totals() throws(StoreFailure) -> LedgerTotals { try usage(UsageQuery(from: .min, to: .max)).first?.totals ?? LedgerTotals() }

    public func close() throws(StoreFailure) { state.withLock { $0.closed = true } }
}
