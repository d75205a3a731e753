import Dispatch
import Routing
import Storage
import Synchronization

/// A memory store that fails as told and, when gated, holds each write until let through.
final class FaultyStore: Store {
    private let memory = MemoryStore(firstNode: 0)
    private let failures: Locked<[StoreFailure.Kind]>
    private let gate: DispatchSemaphore?
    let batches = Locked<[Int]>([])
    let reopened = Atomic(0)
    /// Signalled when a write has begun.
    let entered = DispatchSemaphore(value: 0)

    init(failing failures: [StoreFailure.Kind] = [], gated: Bool = false) {
        self.failures = Locked(failures)
        gate = gated ? DispatchSemaphore(value: 0) : nil
    }

    func letThrough() { gate?.signal() }

    func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt {
        entered.signal()
        gate?.wait()
        if let kind = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw StoreFailure(kind, path: "ledger", "as told") }
        batches.withLock { $0.append(rows.count) }
        return try memory.append(rows)
    }

    func reopen() throws(StoreFailure) { reopened.add(1, ordering: .relaxed) }
    func intern(_ names: [String], as kind: NameKind) throws(StoreFailure) -> [NameID] { try memory.intern(names, as: kind) }
    func names() throws(StoreFailure) -> [NameID: StoredName] { try memory.names() }
    func leaseNodes(_ count: Int) throws(StoreFailure) -> Int { try memory.leaseNodes(count) }
    func requests(after cursor: RequestID?, limit: Int) throws(StoreFailure) -> [LedgerEntry] {
        try memory.requests(after: cursor, limit: limit)
    }
    func request(_ id: RequestID) throws(StoreFailure) -> LedgerEntry? { try memory.request(id) }
    func totals() throws(StoreFailure) -> LedgerTotals { try memory.totals() }
    func close() throws(StoreFailure) { try memory.close() }
    func rerate(_ reratings: [Rerating]) throws(StoreFailure) -> Int { try memory.rerate(reratings) }
    func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool { try memory.keep(feedback) }
    func opinions(from: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] { try memory.opinions(from: from, limit: limit) }
    func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        try memory.feedback(from: from, before: before, limit: limit)
    }

    func requests(_ query: LedgerQuery) throws(StoreFailure) -> LedgerPage { try memory.requests(query) }
    func keep(decisionNames: [UInt8]) throws(StoreFailure) -> NameID { try memory.keep(decisionNames: decisionNames) }
    func decisionNames(_ id: NameID) throws(StoreFailure) -> [UInt8]? { try memory.decisionNames(id) }
    func append(_ events: [StoredEvent], keeping: Int) throws(StoreFailure) { try memory.append(events, keeping: keeping) }
    func events(before cursor: Int64?, kind: String?, limit: Int) throws(StoreFailure) -> [StoredEvent] {
        try memory.events(before: cursor, kind: kind, limit: limit)
    }
    func documents(_ kind: DocumentKind) throws(StoreFailure) -> [StoredDocument] { try memory.documents(kind) }
    func change(_ kind: DocumentKind, put: [StoredDocument], remove: [String]) throws(StoreFailure) {
        try memory.change(kind, put: put, remove: remove)
    }
    func saveCounters(_ counters: [PeriodCounter]) throws(StoreFailure) { try memory.saveCounters(counters) }
    func counters(period: Int) throws(StoreFailure) -> [PeriodCounter] { try memory.counters(period: period) }

    func append(_ entry: AuditEntry, with change: SettingsChange?) throws(StoreFailure) -> AuditEntry { try memory.append(entry, with: change) }
    func audit(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [AuditEntry] { try memory.audit(before: cursor, limit: limit) }
    func audit(from number: Int64, limit: Int) throws(StoreFailure) -> [AuditEntry] { try memory.audit(from: number, limit: limit) }
    func settingsVersion() throws(StoreFailure) -> Int64 { try memory.settingsVersion() }
    func settingsVersions(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [SettingsVersion] {
        try memory.settingsVersions(before: cursor, limit: limit)
    }
    func settingsVersion(_ version: Int64) throws(StoreFailure) -> SettingsVersion? { try memory.settingsVersion(version) }

    func keep(_ texts: [RequestTexts]) throws(StoreFailure) { try memory.keep(texts) }
    func texts(of request: RequestID) throws(StoreFailure) -> RequestTexts? { try memory.texts(of: request) }
    func claim(_ claim: IdempotencyClaim) throws(StoreFailure) -> IdempotencyOutcome { try memory.claim(claim) }
    func conclude(_ key: IdempotencyKey, with answer: StoredAnswer?) throws(StoreFailure) { try memory.conclude(key, with: answer) }

    func usage(_ query: UsageQuery) throws(StoreFailure) -> [UsageRow] { try memory.usage(query) }
    func forget(_ retention: Retention, unixMilliseconds: Int64) throws(StoreFailure) -> Int {
        try memory.forget(retention, unixMilliseconds: unixMilliseconds)
    }

    func note(_ batch: BreachBatch) throws(StoreFailure) -> [BreachNews] { try memory.note(batch) }
    func breaches(_ query: BreachQuery) throws(StoreFailure) -> [Breach] { try memory.breaches(query) }
    func breach(_ id: Int64) throws(StoreFailure) -> Breach? { try memory.breach(id) }
    func mark(_ id: Int64, _ mark: Breach.Mark) throws(StoreFailure) -> Breach? { try memory.mark(id, mark) }
    func breachSums(at unixMilliseconds: Int64) throws(StoreFailure) -> [BreachSum] { try memory.breachSums(at: unixMilliseconds) }

    func join(gateway identity: String, called name: String) throws(StoreFailure) -> GatewayLife {
        try memory.join(gateway: identity, called: name)
    }
    func lease(_ call: LeaseCall, for gateway: GatewayLife, expiry: Duration) throws(StoreFailure) -> LeaseReply {
        try memory.lease(call, for: gateway, expiry: expiry)
    }
    func leave(_ gateway: GatewayLife) throws(StoreFailure) { try memory.leave(gateway) }
    func correct(afterSilenceOf silence: Duration) throws(StoreFailure) -> Int { try memory.correct(afterSilenceOf: silence) }
    func claimAlert(_ account: String, windowStart: Int64, threshold: Int) throws(StoreFailure) -> Bool {
        try memory.claimAlert(account, windowStart: windowStart, threshold: threshold)
    }
    func balances(_ accounts: [(account: String, windowStart: Int64)]) throws(StoreFailure) -> [AccountBalance] { try memory.balances(accounts) }
    func gateways() throws(StoreFailure) -> [GatewayRecord] { try memory.gateways() }
    func note(settingsVersion: Int64, of gateway: GatewayNumber) throws(StoreFailure) {
        try memory.note(settingsVersion: settingsVersion, of: gateway)
    }
}
