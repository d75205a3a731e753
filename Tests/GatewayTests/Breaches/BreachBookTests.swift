import Logging
import NIOPosix
import Routing
import Settings
import Storage
import Testing
import Translation

@testable import Gateway

@Suite("Breaches on their way to the store") struct BreachBookTests {
    /// Takes batches, unless it is told to fail: then it has taken them or not.
    final class Trouble: BreachStore {
        enum Failure { case none, before, after }

        let memory = MemoryStore()
        let failure = Locked(Failure.none)

        func note(_ batch: BreachBatch) throws(StoreFailure) -> [BreachNews] {
            let failure = failure.withLock { $0 }
            if failure == .before { throw StoreFailure(.unreachable, path: "", "away") }
            let news = try memory.note(batch)
            if failure == .after { throw StoreFailure(.unreachable, path: "", "away") }
            return news
        }

        func breaches(_ query: BreachQuery) throws(StoreFailure) -> [Breach] { try memory.breaches(query) }
        func breach(_ id: Int64) throws(StoreFailure) -> Breach? { try memory.breach(id) }
        func mark(_ id: Int64, _ mark: Breach.Mark) throws(StoreFailure) -> Breach? { try memory.mark(id, mark) }
        func breachSums(at unixMilliseconds: Int64) throws(StoreFailure) -> [BreachSum] { try memory.breachSums(at: unixMilliseconds) }
    }

    private let store = Trouble()
    private let book: BreachBook

    init() throws {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let sender = WebhookSender(on: MultiThreadedEventLoopGroup.singleton.next(), tls: try TLS(ServerSettings()), log: log)
        book = BreachBook(store, webhooks: sender, gateway: "east", log: log)
    }

    private func report(_ count: Int, key: String = "k") {
        for number in 0..<count {
            book.report(
                BreachIncident(unixMilliseconds: 1_000 + Int64(number), key: key, trigger: BreachTrigger(.injection), action: .blocked))
        }
    }

    private var incidents: [Int64] { get throws { try store.breaches(BreachQuery(now: 2_000, limit: 10)).map(\.counts.incidents) } }

    @Test("what a store may have taken or not is counted once", arguments: [Trouble.Failure.before, .after])
    func again(failure: Trouble.Failure) throws {
        report(3)
        store.failure.withLock { $0 = failure }
        book.write()
        book.write()
        report(2)
        book.write()
        #expect(book.counts == BreachBook.Counts(reported: 5, dropped: 0, waiting: 2))
        store.failure.withLock { $0 = .none }
        book.write()
        #expect(try incidents == [3])
        book.write()
        #expect(try incidents == [5])
        #expect(book.counts.waiting == 0)
        book.write()
        #expect(try incidents == [5])
    }

    @Test("while the store is away memory is bounded, and what is dropped is counted")
    func bounded() throws {
        store.failure.withLock { $0 = .before }
        report(1)
        book.write()
        for number in 0..<BreachPile.most + 30 { report(1, key: "k\(number)") }
        book.write()
        #expect(book.counts.dropped == 30)
        #expect(book.counts.waiting == BreachPile.most + 1)
        store.failure.withLock { $0 = .none }
        book.write()
        book.write()
        #expect(book.counts == BreachBook.Counts(reported: BreachPile.most + 31, dropped: 30, waiting: 0))
    }

    @Test("the message names key, trigger and what is new, and holds no evidence")
    func message() throws {
        var pile = BreachPile()
        pile.add(
            BreachIncident(
                unixMilliseconds: 1_760_000_000_000, key: "team", trigger: BreachTrigger(.firewall, rule: "r"), action: .blocked,
                evidence: "s3cret"))
        let news = try store.memory.note(BreachBatch(writer: 1, number: 1, deltas: pile.deltas, unixMilliseconds: 0))
        let message = BreachBook.message(try #require(news.first), gateway: "east")
        #expect(message.event == .breach)
        #expect(message.message == "breach 1 has begun: firewall:r by key `team`, 1 incident")
        #expect(message.details.first { $0.name == "severity" }?.value == .text("high"))
        #expect(message.details.first { $0.name == "first_seen" }?.value == .text("2025-10-09T08:53:20.000Z"))
        #expect(!String(decoding: message.body(id: "x"), as: UTF8.self).contains("s3cret"))
    }

    @Test("refusals of a key's status, budget and bounds are breaches, others are not")
    func refusals() {
        let kinds = Dictionary(grouping: RefusalCode.allCases) { $0.breach?.kind }.mapValues { Set($0) }
        #expect(kinds[.keyStatus] == [.keyPaused, .keyExpired, .projectInactive, .customerInactive])
        #expect(kinds[.budgetCap] == [.keyBudgetExceeded, .projectBudgetExceeded, .budgetExceeded])
        #expect(kinds[.enforcement] == [.modelNotAllowed, .overrideNotAllowed, .deniedByRule, .residencyNotMet])
        #expect(kinds.count == 4)
    }
}
