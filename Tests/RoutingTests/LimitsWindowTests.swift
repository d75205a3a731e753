import Testing

@testable import Routing

@Suite("Limits: windows") struct LimitsWindowTests {
    /// 2026-11-21 12:34:56.789 and the like, as milliseconds since 1970.
    static func time(_ year: Int64, _ month: Int64, _ day: Int64, _ milliseconds: Int64 = 0) -> Int64 {
        CivilDay(year: year, month: month, day: day).daysSince1970 * 86_400_000 + milliseconds
    }

    struct Row: Sendable {
        var period: LimitPeriod
        var at: Int64
        var start: Int64
        var end: Int64

        init(_ period: LimitPeriod, at: Int64, _ start: Int64, _ end: Int64) {
            self.period = period
            self.at = at
            self.start = start
            self.end = end
        }
    }

    static let last: Int64 = 86_399_999
    static let rows: [Row] = [
        Row(.minute, at: noon + 59_999, noon, noon + 60_000),
        Row(.minute, at: noon + 60_000, noon + 60_000, noon + 120_000),
        Row(.day, at: time(2026, 11, 21, last), time(2026, 11, 21), time(2026, 11, 22)),
        Row(.day, at: time(2024, 2, 28, last), time(2024, 2, 28), time(2024, 2, 29)),
        Row(.day, at: time(2024, 2, 29, 5), time(2024, 2, 29), time(2024, 3, 1)),
        Row(.day, at: time(1969, 12, 31, last), time(1969, 12, 31), time(1970, 1, 1)),
        // 2026-11-23 is a Monday.
        Row(.week, at: time(2026, 11, 22, last), time(2026, 11, 16), time(2026, 11, 23)),
        Row(.week, at: time(2026, 11, 23), time(2026, 11, 23), time(2026, 11, 30)),
        Row(.week, at: time(2027, 1, 1), time(2026, 12, 28), time(2027, 1, 4)),
        Row(.week, at: time(1970, 1, 1), time(1969, 12, 29), time(1970, 1, 5)),
        Row(.week, at: time(1969, 12, 28, last), time(1969, 12, 22), time(1969, 12, 29)),
        Row(.month, at: time(2026, 1, 31, last), time(2026, 1, 1), time(2026, 2, 1)),
        Row(.month, at: time(2026, 2, 28, last), time(2026, 2, 1), time(2026, 3, 1)),
        Row(.month, at: time(2024, 2, 29, last), time(2024, 2, 1), time(2024, 3, 1)),
        Row(.month, at: time(2100, 2, 28, last), time(2100, 2, 1), time(2100, 3, 1)),
        Row(.month, at: time(2026, 12, 31, last), time(2026, 12, 1), time(2027, 1, 1)),
        Row(.quarter, at: time(2026, 3, 31, last), time(2026, 1, 1), time(2026, 4, 1)),
        Row(.quarter, at: time(2026, 4, 1), time(2026, 4, 1), time(2026, 7, 1)),
        Row(.quarter, at: time(2026, 12, 31, last), time(2026, 10, 1), time(2027, 1, 1)),
        Row(.year, at: time(2024, 12, 31, last), time(2024, 1, 1), time(2025, 1, 1)),
        Row(.year, at: time(2025, 1, 1), time(2025, 1, 1), time(2026, 1, 1)),
        Row(.total, at: 5, 0, .max),
    ]

    @Test("each moment falls into the window of its minute, day, week, month, quarter or year in UTC", arguments: rows)
    func windows(row: Row) {
        #expect(row.period.window(at: row.at) == LimitWindow(start: row.start, end: row.end))
    }

    @Test("days of the calendar are counted as others count them")
    func civil() {
        #expect(CivilDay(year: 1970, month: 1, day: 1).daysSince1970 == 0)
        #expect(CivilDay(year: 2000, month: 3, day: 1).daysSince1970 == 11_017)
        #expect(CivilDay(year: 2026, month: 11, day: 21).daysSince1970 == 20_778)
        #expect(CivilDay(year: 1600, month: 2, day: 29).daysSince1970 == -135_081)
        for day in stride(from: Int64(-200_000), to: 200_000, by: 13) { #expect(CivilDay(daysSince1970: day).daysSince1970 == day) }
    }

    @Test("windows of a period follow each other without a gap", arguments: LimitPeriod.allCases.filter { ![.total, .second].contains($0) }, [3, 4])
    func gapless(period: LimitPeriod, seed: UInt64) {
        var random = Random(seed: seed)
        for _ in 0..<200 {
            let now = Int64(random.below(4_000_000_000_000)) - 100_000_000_000
            let window = period.window(at: now)
            #expect(window.contains(now))
            #expect(period.window(at: window.end).start == window.end)
            #expect(period.window(at: window.start - 1).end == window.start)
        }
    }

    @Test("clocks beyond the calendar are brought back into it", arguments: [Int64.min, -1 << 60, 1 << 60, .max], LimitPeriod.allCases)
    func absurd(time: Int64, period: LimitPeriod) {
        let window = period.window(at: time)
        #expect(window.start < window.end)
    }

    // MARK: Rolling

    static let day = Account(.key, "bot", .nanodollars, per: .day, limit: 100)
    static let all = Demand(nanodollars: 100, tokens: 1)

    /// Has the ledger ask the store for what it needs.
    static func ask(_ ledger: inout Ledger, _ store: inout LoneStore, at time: Int64) {
        if let hold = ledger.reserve(all, chain: 0, at: time).hold { ledger.release(hold) }
        store.serve(&ledger, at: time)
    }

    /// All of the day's budget is spent at `time`.
    static func spent(_ ledger: inout Ledger, _ store: inout LoneStore, at time: Int64) throws {
        ask(&ledger, &store, at: time)
        let hold = try #require(ledger.reserve(all, chain: 0, at: time).hold)
        var charges: [LeaseCharge] = []
        ledger.settle(hold, Spent(nanodollars: 100, tokens: 1), charges: &charges)
        store.charge(charges)
        ledger.written(charges)
    }

    @Test("a clock that goes back begins no window anew, and one that comes forward again none twice", arguments: [3_000, 60_000, 7_200_000])
    func back(by jump: Int64) throws {
        let midnight = Self.time(2026, 11, 22)
        var ledger = Ledger.of([Self.day])
        var store = LoneStore()
        try Self.spent(&ledger, &store, at: midnight - 1_000)
        try Self.spent(&ledger, &store, at: midnight + 1_000)
        for time in [midnight + 1_000 - jump, midnight - jump, midnight + 1_000, midnight - 10, midnight + 2_000] {
            for _ in 0..<2 {
                #expect(ledger.reserve(Self.all, chain: 0, at: time).hold == nil, "at \(time - midnight)")
                store.serve(&ledger, at: time)
            }
        }
        store.serve(&ledger, at: midnight + 86_400_000 - 2_000)
        #expect(ledger.reserve(Self.all, chain: 0, at: midnight + 86_400_000).hold == nil, "not before the store has given it")
        store.serve(&ledger, at: midnight + 86_400_000)
        #expect(ledger.reserve(Self.all, chain: 0, at: midnight + 86_400_000).hold != nil)
    }

    @Test("a hold settles into the window it was held of, whose slice is closed once its row is written")
    func late() throws {
        let midnight = Self.time(2026, 11, 22)
        var ledger = Ledger.of([Self.day])
        var store = LoneStore()
        Self.ask(&ledger, &store, at: midnight - 1_000)
        let hold = try #require(ledger.reserve(Self.all, chain: 0, at: midnight - 1_000).hold)
        let old = try #require(ledger.standings.first).lease
        // The new day is another window: what yesterday holds is not held of it.
        Self.ask(&ledger, &store, at: midnight + 6_000)
        #expect(ledger.reserve(Self.all, chain: 0, at: midnight + 6_000).hold != nil)

        var charges: [LeaseCharge] = []
        ledger.settle(hold, Spent(nanodollars: 40, tokens: 1), charges: &charges)
        #expect(charges == [LeaseCharge(lease: old, amount: 40)])
        store.serve(&ledger, at: midnight + 7_000)
        #expect(store.leases[old] != nil, "its row is not written yet")
        store.charge(charges)
        ledger.written(charges)
        store.serve(&ledger, at: midnight + 8_000)
        #expect(store.leases[old] == nil)
    }

    @Test("a busy account has the next window before it begins")
    func ahead() {
        let midnight = Self.time(2026, 11, 22)
        var ledger = Ledger.of([Self.day])
        var store = LoneStore()
        _ = ledger.reserve(Self.all, chain: 0, at: midnight - 10_000)
        for second in stride(from: Int64(-10_000), to: 0, by: 1_000) { store.serve(&ledger, at: midnight + second) }
        #expect(ledger.reserve(Self.all, chain: 0, at: midnight).hold != nil, "nobody waits at midnight")
    }
}
