import Routing
import Testing

@testable import Storage

@Suite("Breaches") struct BreachTests {
    static let minute: Int64 = 60_000
    static let hour: Int64 = 3_600_000

    static func delta(_ at: Int64, _ count: Int = 1, kind: BreachTrigger.Kind = .personalData, score: UInt16 = 1000) -> BreachDelta {
        var pile = BreachPile()
        for _ in 0..<count {
            pile.add(BreachIncident(unixMilliseconds: at, key: "k", trigger: BreachTrigger(kind), action: .masked, score: score))
        }
        return pile.deltas[0]
    }

    @Test(
        "status follows quiet and what an operator says",
        arguments: [
            (0, nil, Breach.Status.active), (59, nil, .active), (60, nil, .investigating), (24 * 60 - 1, nil, .investigating),
            (24 * 60, nil, .resolved), (0, .investigating, .investigating), (24 * 60, .investigating, .resolved), (0, .resolved, .resolved),
            (90, .resolved, .resolved),
        ] as [(Int64, Breach.Status?, Breach.Status)])
    func status(minutes: Int64, mark: Breach.Status?, expected: Breach.Status) {
        var breach = Breach.begun(Self.delta(0))
        if let mark { breach.take(Breach.Mark(mark, unixMilliseconds: 0, actor: "ann")) }
        #expect(breach.status(at: minutes * Self.minute) == expected)
    }

    @Test(
        "risk is what the trigger weighs, how sure it was, and how often",
        arguments: [
            (BreachTrigger.Kind.personalData, 1, 500, 35, Breach.Severity.medium), (.personalData, 1, 1000, 45, .medium),
            (.personalData, 2, 1000, 52, .high), (.injection, 1, 0, 55, .high), (.injection, 1, 1000, 65, .high),
            (.injection, 7, 1000, 79, .high), (.injection, 8, 1000, 86, .critical), (.budgetCap, 1, 1000, 35, .medium),
            (.keyStatus, 1, 1000, 60, .high), (.toxicity, 100_000, 1000, 99, .critical),
        ] as [(BreachTrigger.Kind, Int, UInt16, Int, Breach.Severity)])
    func risk(kind: BreachTrigger.Kind, count: Int, score: UInt16, risk: Int, severity: Breach.Severity) {
        let breach = Breach.begun(Self.delta(0, count, kind: kind, score: score))
        #expect(breach.risk == risk)
        #expect(breach.severity == severity)
    }

    @Test("a trigger's name reads back", arguments: BreachTrigger.Kind.allCases)
    func names(kind: BreachTrigger.Kind) {
        for rule in ["", "a", "a:b", "ü"] { #expect(BreachTrigger(name: BreachTrigger(kind, rule: rule).name) == BreachTrigger(kind, rule: rule)) }
        #expect(BreachTrigger(name: "nothing") == nil)
        #expect(BreachTrigger(name: "") == nil)
    }

    @Test("incidents of an hour are one line of the story, the first line stays and there are never many")
    func timeline() {
        var breach = Breach.begun(Self.delta(0))
        for minute in 1..<60 { _ = breach.take(Self.delta(Int64(minute) * Self.minute)) }
        #expect(breach.timeline.filter { $0.kind == .repeated }.map(\.incidents) == [59])
        #expect(breach.timeline.filter { $0.kind == .risen }.map(\.note) == ["high", "critical"])
        for hour in 1..<500 { _ = breach.take(Self.delta(Int64(hour) * Self.hour)) }
        #expect(breach.timeline.count == Breach.mostMoments)
        #expect(breach.timeline.first?.kind == .detected)
        #expect(breach.timeline.last?.from == 499 * Self.hour)
        #expect(breach.counts.incidents == 559)
    }

    /// Seed 40: incidents in any order of arrival, in any batches.
    @Test("whatever the batches, the sums are those of the incidents")
    func order() {
        var random = Random(seed: 40)
        for _ in 0..<50 {
            let incidents = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                BreachIncident(
                    unixMilliseconds: Int64.random(in: 0..<20 * Self.hour, using: &random), key: ["a", "b"].randomElement(using: &random) ?? "",
                    trigger: BreachTrigger([.keywords, .toxicity].randomElement(using: &random) ?? .keywords),
                    action: BreachAction.allCases.randomElement(using: &random) ?? .noted, score: UInt16.random(in: 0...1000, using: &random),
                    evidence: "\(Int.random(in: 0..<20, using: &random))")
            }
            var breaches: [BreachWork.Group: Breach] = [:]
            var rest = incidents.shuffled(using: &random)[...]
            while !rest.isEmpty {
                var pile = BreachPile()
                for incident in rest.prefix(Int.random(in: 1...9, using: &random)) {
                    pile.add(incident)
                    rest.removeFirst()
                }
                for breach in BreachWork(pile.deltas, latest: { breaches[$0] }).changed {
                    breaches[BreachWork.Group(key: breach.key, trigger: breach.trigger)] = breach
                }
            }
            for (group, breach) in breaches {
                let own = incidents.filter { $0.key == group.key && $0.trigger == group.trigger }
                #expect(breach.counts.incidents == Int64(own.count))
                for action in BreachAction.allCases { #expect(breach.counts[action] == Int64(own.filter { $0.action == action }.count)) }
                #expect(breach.first == own.map(\.unixMilliseconds).min())
                #expect(breach.last == own.map(\.unixMilliseconds).max())
                #expect(breach.peak == own.map(\.score).max())
                #expect(breach.evidence.count <= Breach.mostEvidence)
                #expect(Set(breach.evidence).isSubset(of: Set(own.map(\.evidence))))
            }
            #expect(breaches.values.reduce(0) { $0 + $1.counts.incidents } == Int64(incidents.count))
        }
    }

    @Test("a flood of keys takes bounded memory and is counted")
    func flood() {
        var pile = BreachPile()
        for number in 0..<BreachPile.most + 500 {
            pile.add(BreachIncident(unixMilliseconds: 0, key: "k\(number)", trigger: BreachTrigger(.keywords), action: .blocked))
        }
        pile.add(BreachIncident(unixMilliseconds: 0, key: "k1", trigger: BreachTrigger(.keywords), action: .blocked))
        #expect(pile.deltas.count == BreachPile.most)
        #expect(pile.dropped == 500)
        #expect(pile.deltas[1].counts.incidents == 2)
    }

    @Test("bytes read back; what is cut off or changed never traps")
    func bytes() {
        var breach = Breach.begun(Self.delta(5, 3))
        breach.evidence = ["é", "b"]
        (breach.place.owner, breach.place.request) = ("ann", .min)
        breach.take(Breach.Mark(.investigating, unixMilliseconds: 9, actor: "bob", note: "n"))
        let bytes = BreachBytes.encode(breach)
        var read = Breach(key: breach.key, trigger: breach.trigger, first: breach.first, last: breach.last)
        #expect(BreachBytes.decode(bytes, into: &read))
        #expect(read == breach)
        for length in bytes.indices { _ = BreachBytes.decode(Array(bytes[..<length]), into: &read) }
        var random = Random(seed: 5)
        for _ in 0..<5_000 {
            var other = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                other[Int.random(in: 1..<other.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = BreachBytes.decode(other, into: &read)
            // What a store gave is summed on.
            _ = read.take(Self.delta(7))
            #expect(0...99 ~= read.risk)
        }
    }
}
