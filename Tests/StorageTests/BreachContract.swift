import Routing
import Storage
import Testing

/// What every store promises of breaches.
@Suite("Store contract: breaches") struct BreachContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    static let start: Int64 = 1_760_000_400_000
    static let minute: Int64 = 60_000

    static func incident(
        _ minutes: Int64, key: String = "team-ä", _ trigger: BreachTrigger = BreachTrigger(.injection), _ action: BreachAction = .blocked,
        evidence: String = ""
    ) -> BreachIncident {
        var place = BreachPlace()
        (place.owner, place.project, place.endpoint, place.model) = ("ann", "support", "chat.completions", "smart")
        (place.provider, place.request, place.isReply) = ("openai", minutes + 1, minutes % 2 == 1)
        return BreachIncident(
            unixMilliseconds: start + minutes * minute, key: key, trigger: trigger, action: action, score: UInt16(600 + minutes % 400), place: place,
            evidence: evidence)
    }

    static func batch(_ number: Int64, writer: Int64 = 7, _ incidents: [BreachIncident]) -> BreachBatch {
        var pile = BreachPile()
        for incident in incidents { pile.add(incident) }
        return BreachBatch(writer: writer, number: number, deltas: pile.deltas, unixMilliseconds: start)
    }

    private func query(after minutes: Int64, limit: Int = 100, _ change: (inout BreachQuery) -> Void = { _ in }) -> BreachQuery {
        var query = BreachQuery(now: Self.start + minutes * Self.minute, limit: limit)
        change(&query)
        return query
    }

    @Test("incidents of a key and a trigger are one breach, and read back whole", arguments: Kind.allCases)
    func grouping(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rule = BreachTrigger(.firewall, rule: "no 'secrets'")
        let news = try store.note(
            Self.batch(
                1,
                [
                    Self.incident(0, evidence: "ignore [masked] é"), Self.incident(3, evidence: "again"), Self.incident(1, rule, .masked),
                    Self.incident(2, key: "other"),
                ]))
        #expect(news.map(\.news) == [.begun, .begun, .begun])
        let all = try store.breaches(query(after: 4))
        #expect(all.map(\.key) == ["team-ä", "other", "team-ä"])
        #expect(Set(all) == Set(news.map(\.breach)))
        let first = try #require(all.first)
        #expect(first.trigger.name == "injection")
        #expect(first.counts.incidents == 2)
        #expect(first.counts[.blocked] == 2)
        #expect(first.evidence == ["ignore [masked] é", "again"])
        #expect(first.first == Self.start)
        #expect(first.last == Self.start + 3 * Self.minute)
        #expect(first.place == Self.incident(3).place)
        #expect(first.peak == 603)
        #expect(try store.breach(first.id) == first)
        #expect(try store.breach(first.id + 100) == nil)
        #expect(all[2].trigger == rule)
        #expect(all[2].counts[.masked] == 1)
    }

    @Test("a batch given again changes nothing, of another writer it counts", arguments: Kind.allCases)
    func again(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let batch = Self.batch(4, [Self.incident(0)])
        #expect(try store.note(batch).count == 1)
        #expect(try store.note(batch).isEmpty)
        #expect(try store.note(Self.batch(3, [Self.incident(0)])).isEmpty)
        #expect(try store.note(Self.batch(4, writer: -8, [Self.incident(1)])).isEmpty)
        #expect(try store.note(Self.batch(5, [Self.incident(2)])).isEmpty)
        #expect(try store.breaches(query(after: 2)).map(\.counts.incidents) == [3])
    }

    @Test("gateways that begin a breach at once begin one, and one of them tells", arguments: Kind.allCases)
    func together(kind: Kind) async throws {
        let store = try kind.open(in: folder)
        let news = try await withThrowingTaskGroup(of: [BreachNews].self) { group in
            for writer in 1...8 {
                group.addTask {
                    try (1...5).flatMap { number in
                        try store.note(Self.batch(Int64(number), writer: Int64(writer), [Self.incident(Int64(number))]))
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let all = try store.breaches(query(after: 6))
        #expect(all.map(\.counts.incidents) == [40])
        #expect(news.filter { $0.news == .begun }.count == 1)
        // 40 incidents are five doublings: 55 + 2 + 35, which passed 80 once.
        #expect(news.filter { $0.news == .risen }.map(\.breach.severity) == [.critical])
    }

    @Test("a day of quiet ends a breach, and the next incident begins another", arguments: Kind.allCases)
    func quiet(kind: Kind) throws {
        let store = try kind.open(in: folder)
        _ = try store.note(Self.batch(1, [Self.incident(0)]))
        #expect(try store.note(Self.batch(2, [Self.incident(24 * 60 - 1)])).isEmpty)
        let news = try store.note(Self.batch(3, [Self.incident(48 * 60)]))
        #expect(news.map(\.news) == [.begun])
        let all = try store.breaches(query(after: 48 * 60))
        #expect(all.map(\.counts.incidents) == [1, 2])
        #expect(all.map { $0.status(at: Self.start + 48 * 60 * Self.minute) } == [.active, .resolved])
        #expect(try store.note(Self.batch(4, [Self.incident(48 * 60 + 1)])).isEmpty)
        #expect(try store.breaches(query(after: 49 * 60)).map(\.counts.incidents) == [2, 2])
    }

    @Test("what an operator resolved is opened by the next incident", arguments: Kind.allCases)
    func marks(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let begun = try #require(try store.note(Self.batch(1, [Self.incident(0)])).first)
        let now = Self.start + Self.minute
        let mark = Breach.Mark(.resolved, unixMilliseconds: now, actor: "bob", note: "false alarm: 'é'")
        let marked = try #require(try store.mark(begun.breach.id, mark))
        #expect(marked.mark == mark)
        #expect(marked.status(at: now) == .resolved)
        #expect(try store.breach(begun.breach.id) == marked)
        #expect(marked.timeline.map(\.kind) == [.detected, .resolved])
        #expect(marked.timeline.last?.note == mark.note)
        let news = try store.note(Self.batch(2, [Self.incident(2)]))
        #expect(news.map(\.news) == [.reopened])
        #expect(news.first?.breach.status(at: now + Self.minute) == .active)
        #expect(news.first?.breach.timeline.map(\.kind) == [.detected, .resolved, .reopened])
        #expect(news.first?.breach.id == begun.breach.id)
        _ = try store.mark(begun.breach.id, Breach.Mark(.investigating, unixMilliseconds: now, actor: "bob"))
        #expect(try store.note(Self.batch(3, [Self.incident(3)])).isEmpty)
        #expect(try store.breaches(query(after: 3) { $0.status = .investigating }).count == 1)
        _ = try store.mark(begun.breach.id, Breach.Mark(.active, unixMilliseconds: now, actor: "bob"))
        #expect(try store.breaches(query(after: 3) { $0.status = .active }).map(\.mark) == [nil])
        #expect(try store.mark(begun.breach.id + 9, mark) == nil)
    }

    @Test("filters and pages agree with the breaches themselves", arguments: Kind.allCases)
    func filters(kind: Kind) throws {
        let store = try kind.open(in: folder)
        var random = Random(seed: 811)
        var number: Int64 = 0
        for minute in stride(from: Int64(0), to: 9_000, by: 111) {
            number += 1
            let trigger = [
                BreachTrigger(.personalData), BreachTrigger(.injection), BreachTrigger(.firewall, rule: "a"), BreachTrigger(.firewall, rule: "b"),
            ]
            .randomElement(using: &random)
            let key = ["k1", "k2", "k3"].randomElement(using: &random) ?? ""
            let count = Int.random(in: 1...40, using: &random)
            _ = try store.note(Self.batch(number, Array(repeating: Self.incident(minute, key: key, try #require(trigger)), count: count)))
            if number % 9 == 0, let some = try store.breaches(query(after: minute)).randomElement(using: &random) {
                let status = Breach.Status.allCases.randomElement(using: &random) ?? .active
                _ = try store.mark(some.id, Breach.Mark(status, unixMilliseconds: Self.start + minute * Self.minute, actor: "ann"))
            }
        }
        let all = try store.breaches(query(after: 9_000))
        #expect(all.count > 15)
        #expect(all == all.sorted { ($0.last, $0.id) > ($1.last, $1.id) })
        let now = Self.start + 9_000 * Self.minute
        var queries: [(BreachQuery, (Breach) -> Bool)] = Breach.Status.allCases.map { status in
            (query(after: 9_000) { $0.status = status }, { $0.status(at: now) == status })
        }
        queries += Breach.Severity.allCases.map { severity in (query(after: 9_000) { $0.severity = severity }, { $0.severity == severity }) }
        let (from, to) = (Self.start + 3_000 * Self.minute, Self.start + 5_000 * Self.minute)
        queries.append((query(after: 9_000) { $0.key = "k2" }, { $0.key == "k2" }))
        queries.append((query(after: 9_000) { $0.kind = .firewall }, { $0.trigger.kind == .firewall }))
        queries.append((query(after: 9_000) { ($0.kind, $0.rule) = (.firewall, "b") }, { $0.trigger.name == "firewall:b" }))
        queries.append((query(after: 9_000) { ($0.from, $0.to) = (from, to) }, { $0.last >= from && $0.first < to }))
        for (query, belongs) in queries {
            let expected = all.filter(belongs)
            #expect(try store.breaches(query) == expected)
            var (found, page): ([Breach], BreachQuery) = ([], query)
            page.limit = 3
            while case let some = try store.breaches(page), let last = some.last {
                found += some
                page.before = BreachQuery.Cursor(last: last.last, id: last.id)
            }
            #expect(found == expected)
        }
        let sums = try store.breachSums(at: now)
        #expect(sums.reduce(0) { $0 + $1.count } == Int64(all.count))
        for sum in sums {
            #expect(sum.count == Int64(all.filter { $0.status(at: now) == sum.status && $0.severity == sum.severity }.count))
        }
    }

    @Test("breaches go with the requests of their time", arguments: Kind.allCases)
    func retention(kind: Kind) throws {
        let store = try kind.open(in: folder)
        _ = try store.note(Self.batch(1, [Self.incident(0, key: "old"), Self.incident(3_000, key: "new")]))
        var retention = Retention()
        retention.requests = .seconds(86_400)
        while try store.forget(retention, unixMilliseconds: Self.start + 3_000 * Self.minute) > 0 {}
        #expect(try store.breaches(query(after: 3_000)).map(\.key) == ["new"])
    }

    @Test("texts that no column holds come back as they can", arguments: Kind.allCases)
    func oddTexts(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let long = String(repeating: "ß€", count: 400)
        let odd = Self.incident(0, key: "a'\"; --", BreachTrigger(.keywords, rule: long), evidence: long)
        _ = try store.note(Self.batch(1, [odd]))
        _ = try store.note(Self.batch(2, [odd]))
        let all = try store.breaches(query(after: 0))
        #expect(all.map(\.counts.incidents) == [2])
        #expect(all.first?.trigger.rule.utf8.count ?? 999 <= BreachTrigger.longestRule)
        #expect(all.first?.evidence.first?.utf8.count ?? 999 <= BreachIncident.longestEvidence)
        #expect(long.hasPrefix(all.first?.evidence.first ?? "?"))
    }
}
