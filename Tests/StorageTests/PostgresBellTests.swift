import Dispatch
import Routing
import Testing

@testable import Storage

@Suite("Bell") struct PostgresBellTests {
    /// What was heard, in order.
    private final class Ear: Sendable {
        private let heard = Locked<[News]>([])
        var all: [News] { heard.withLock { $0 } }
        var listener: @Sendable (News) -> Void { { news in self.heard.withLock { $0.append(news) } } }
    }

    private static let opened = News.health(HealthNews(deployment: "größe/\"a\"", isOpen: true, rest: .milliseconds(1_500), reason: "timeout"))

    @Test("news reach the others, as they were told, and not oneself")
    func tells() throws {
        let address = try PostgresAddress(PostgresCluster.shared.get().fresh())
        _ = try PostgresStore(address)
        let bells = (0..<3).map { _ in PostgresBell(address) }
        let ears = bells.map { _ in Ear() }
        for (bell, ear) in zip(bells, ears) { bell.listen(ear.listener) }
        // The version that is there is the first thing that each hears.
        #expect(eventually { ears.allSatisfy { $0.all == [.settings(version: 0)] } })
        let news: [News] = [Self.opened, .leases(account: "key/a/tokens/day"), .settings(version: 7)]
        for item in news { bells[0].ring(item) }
        for ear in ears[1...] { #expect(eventually { ear.all == [.settings(version: 0)] + news }, "\(ear.all)") }
        #expect(ears[0].all == [.settings(version: 0)])
        for bell in bells { bell.close() }
        bells[0].ring(Self.opened)
        bells[0].close()
    }

    @Test("two installations in one database do not hear each other")
    func apart() throws {
        let cluster = try PostgresCluster.shared.get()
        let addresses = try (0..<2).map { _ in try PostgresAddress(cluster.fresh()) }
        for address in addresses { _ = try PostgresStore(address) }
        let bells = [addresses[0], addresses[0], addresses[1]].map { PostgresBell($0) }
        let ears = bells.map { _ in Ear() }
        for (bell, ear) in zip(bells, ears) { bell.listen(ear.listener) }
        #expect(eventually { ears.allSatisfy { $0.all.count == 1 } })
        bells[0].ring(Self.opened)
        #expect(eventually { ears[1].all.count == 2 })
        #expect(ears[2].all.count == 1)
        for bell in bells { bell.close() }
    }

    @Test("a version that was made while nobody listened is told after the connection is back, and at the next look")
    func missed() throws {
        let cluster = try PostgresCluster()
        let address = try PostgresAddress(cluster.fresh())
        let store = try PostgresStore(address)
        let bell = PostgresBell(address, pace: .milliseconds(100))
        let ear = Ear()
        bell.listen(ear.listener)
        func change(_ version: Int64) throws {
            _ = try store.append(AuditContract.entry(Int(version)), with: SettingsChange(version: version, put: [], remove: []))
        }
        #expect(eventually { ear.all == [.settings(version: 0)] })
        try change(1)
        #expect(eventually { ear.all.last == .settings(version: 1) })
        cluster.kill()
        // Kept until it can be told.
        bell.ring(Self.opened)
        cluster.start()
        let other = PostgresBell(address)
        let otherEar = Ear()
        other.listen(otherEar.listener)
        #expect(eventually { (try? change(2)) != nil })
        #expect(eventually { ear.all.last == .settings(version: 2) })
        #expect(ear.all == [.settings(version: 0), .settings(version: 1), .settings(version: 2)])
        bell.close()
        other.close()
    }

    @Test("of many that cannot be told the last are kept, and nobody waits")
    func away() throws {
        let bell = PostgresBell(try PostgresAddress("postgres://nobody@127.0.0.1:1/db"))
        bell.listen { _ in }
        for version in 0..<10_000 { bell.ring(.settings(version: Int64(version))) }
        #expect(bell.forgotten == 10_000 - PostgresBell.mostUnsent)
        bell.close()
    }

    @Test("those that are rung while others are told are told too, and what is too long is counted")
    func meanwhile() throws {
        let address = try PostgresAddress(PostgresCluster.shared.get().fresh())
        _ = try PostgresStore(address)
        let (bell, other, ear) = (PostgresBell(address), PostgresBell(address), Ear())
        other.listen(ear.listener)
        bell.listen { _ in }
        #expect(eventually { ear.all == [.settings(version: 0)] })
        bell.ring(.leases(account: String(repeating: "x", count: 9_000)))
        let count = 2_000
        for number in 1...count {
            bell.ring(.leases(account: "\(number)"))
            if number % 100 == 0 { _ = eventually { ear.all.count + bell.forgotten >= number + 2 } }
        }
        #expect(eventually { ear.all.count == count + 1 }, "\(ear.all.count) heard, \(bell.forgotten) forgotten")
        #expect(bell.forgotten == 1)
        bell.close()
        other.close()
    }

    @Test(
        "what is no news of ours is passed over",
        arguments: [
            "", "{", "{}", "{\"from\":\"a\",\"kind\":\"weather\"}", "{\"from\":\"a\",\"kind\":\"settings\"}", "{\"from\":\"a\",\"kind\":\"health\"}",
        ])
    func strange(text: String) { #expect(NewsText.read(text)?.news == nil) }

    @Test("what is too long is not told")
    func long() {
        let health = HealthNews(deployment: String(repeating: "x", count: 5_000), isOpen: true, rest: .zero, reason: "")
        #expect(NewsText(.health(health), from: "a").written == nil)
    }
}
