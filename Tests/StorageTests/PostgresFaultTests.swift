import Dispatch
import Foundation
import Routing
import Testing

@testable import Storage

/// A server that is killed, restarted, silent, full: what was acknowledged is there, and nothing blocks for ever.
@Suite("PostgreSQL faults", .serialized) struct PostgresFaultTests {
    private static var quick: PostgresLimits {
        var limits = PostgresLimits()
        limits.connect = .seconds(1)
        limits.write = .seconds(1)
        limits.read = .seconds(1)
        limits.wait = .seconds(1)
        return limits
    }

    @Test("rows that were acknowledged before the server was killed are there, each once")
    func killed() throws {
        let cluster = try PostgresCluster()
        let store = try cluster.store(Self.quick)
        let acknowledged = Locked(0)
        let isDone = Locked(false)
        let writer = DispatchSemaphore(value: 0)
        // 60 to a batch, given again until they are taken, as the journal does.
        DispatchQueue(label: "writer").async {
            for start in stride(from: 0, to: 60_000, by: 60) where !isDone.withLock({ $0 }) {
                let rows = LedgerEntry.samples(start..<start + 60)
                while (try? store.append(rows[...])) == nil { if isDone.withLock({ $0 }) { break } }
                if !isDone.withLock({ $0 }) { acknowledged.withLock { $0 = start + 60 } }
            }
            writer.signal()
        }
        for round in 1...3 {
            let before = acknowledged.withLock { $0 }
            #expect(eventually { acknowledged.withLock { $0 } >= before + 300 }, "round \(round)")
            cluster.kill()
            cluster.start()
        }
        isDone.withLock { $0 = true }
        writer.wait()
        let count = acknowledged.withLock { $0 }
        #expect(count >= 900)
        let found = try store.requests(after: nil, limit: 100_000)
        #expect(found.prefix(count).elementsEqual(LedgerEntry.samples(0..<count)))
        // What was not acknowledged may be there, once, and counts in the sums then.
        #expect(Set(found.map(\.id)).count == found.count)
        #expect(try store.totals().requests == Int64(found.count))
    }

    @Test("after a restart idle connections are made anew before anything is sent")
    func restarted() throws {
        let cluster = try PostgresCluster()
        let store = try cluster.store(Self.quick)
        _ = try store.append(LedgerEntry.samples(0..<5)[...])
        cluster.restart()
        #expect(try store.append(LedgerEntry.samples(5..<10)[...]).added == 5)
        #expect(try store.requests(after: nil, limit: 100).count == 10)
    }

    @Test("a server that is silent is unreachable within the time limit, and served again when it speaks")
    func silent() throws {
        let cluster = try PostgresCluster()
        let store = try cluster.store(Self.quick)
        _ = try store.append(LedgerEntry.samples(0..<5)[...])
        cluster.freeze()
        for _ in 0..<2 {
            let failure = #expect(throws: StoreFailure.self) { try store.append(LedgerEntry.samples(5..<10)[...]) }
            #expect(failure?.kind == .unreachable)
        }
        cluster.thaw()
        #expect(eventually { (try? store.append(LedgerEntry.samples(5..<10)[...])) != nil })
        #expect(try store.requests(after: nil, limit: 100) == LedgerEntry.samples(0..<10))
    }

    @Test("with no connection left those that are held go on, others are told")
    func crowded() throws {
        let cluster = try PostgresCluster(settings: ["max_connections=8", "superuser_reserved_connections=0"])
        let store = try cluster.store(Self.quick)
        _ = try store.append(LedgerEntry.samples(0..<5)[...])
        let address = try PostgresAddress(cluster.url())
        var crowd: [PostgresProbe] = []
        let failure = #expect(throws: StoreFailure.self) { while crowd.count < 20 { crowd.append(try PostgresProbe(address)) } }
        #expect(failure?.kind == .unreachable)
        #expect(try store.append(LedgerEntry.samples(5..<10)[...]).added == 5)
        let refused = #expect(throws: StoreFailure.self) { try store.join(gateway: "a", called: "a") }
        #expect(refused?.kind == .unreachable)
        crowd.removeAll()
        #expect(eventually { (try? store.join(gateway: "a", called: "a")) != nil })
    }

    @Test("a session that is terminated in the middle of a batch costs a try, no row")
    func terminated() throws {
        let cluster = try PostgresCluster.shared.get()
        let url = try cluster.fresh()
        let store = try PostgresStore(PostgresAddress(url + "&application_name=terminated"), limits: Self.quick)
        let probe = try PostgresProbe(PostgresAddress(url))
        for start in stride(from: 0, to: 2_000, by: 100) {
            let rows = LedgerEntry.samples(start..<start + 100)
            if start % 200 == 0 {
                DispatchQueue.global().async {
                    _ = try? probe.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terminated'")
                }
            }
            #expect(eventually { (try? store.append(rows[...])) != nil })
        }
        #expect(try store.requests(after: nil, limit: 10_000) == LedgerEntry.samples(0..<2_000))
        #expect(try store.totals().requests == 2_000)
    }

    @Test("a slow statement ends at its time limit")
    func slow() throws {
        let cluster = try PostgresCluster.shared.get()
        let url = try cluster.fresh()
        let store = try PostgresStore(PostgresAddress(url), limits: Self.quick)
        let probe = try PostgresProbe(PostgresAddress(url))
        try probe.run("BEGIN")
        try probe.run("LOCK TABLE requests IN ACCESS EXCLUSIVE MODE")
        let write = #expect(throws: StoreFailure.self) { try store.append(LedgerEntry.samples(0..<5)[...]) }
        #expect(write?.kind == .locked)
        let read = #expect(throws: StoreFailure.self) { try store.requests(after: nil, limit: 1) }
        #expect(read.map { [.locked, .timeLimit].contains($0.kind) } == true)
        try probe.run("ROLLBACK")
        #expect(try store.append(LedgerEntry.samples(0..<5)[...]).added == 5)
    }

    @Test("readers of the console never keep the journal waiting")
    func lanes() throws {
        let store = try PostgresCluster.shared.get().store(Self.quick)
        let readers = DispatchGroup()
        for _ in 0..<8 {
            DispatchQueue.global().async(group: readers) { _ = try? store.ask("SELECT pg_sleep(0.9)") }
        }
        #expect(try store.append(LedgerEntry.samples(0..<5)[...]).added == 5)
        let gateway = try store.join(gateway: "a", called: "a")
        #expect(try store.lease(LeaseCall(), for: gateway, expiry: .seconds(60)).gateways == 1)
        readers.wait()
    }

    @Test("no message holds the password", arguments: ["nobody:54398", "postgres:nonsense"])
    func secrets(host: String) throws {
        let urls = ["postgres://swiftlet:canary-word@127.0.0.1:1/db", "postgres://u:canary-word@\(host)/db", "postgres://u:canary-word@[::1/db"]
        for url in urls {
            let failure = #expect(throws: StoreFailure.self) { try PostgresStore(PostgresAddress(url), limits: Self.quick) }
            #expect(failure.map { "\($0)".contains("canary") } == false, "\(url)")
        }
    }
}
