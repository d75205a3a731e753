import Routing
import Storage
import Testing

/// What every store promises of feedback.
@Suite("Store contract: feedback") struct FeedbackContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    private func said(_ number: Int, _ score: Double, _ label: String = "") -> Feedback {
        Feedback(request: LedgerEntry.sample(number).id, unixMilliseconds: 5, score: score, label: label)
    }

    @Test("the last word on a request holds, and only the first is new", arguments: Kind.allCases)
    func last(kind: Kind) throws {
        let store = try kind.open(in: folder)
        #expect(try store.keep(said(1, 0.25, "so 'so'")))
        #expect(try store.keep(said(2, 1)))
        #expect(try !store.keep(said(1, 0, "bad")))
        #expect(try store.feedback(of: said(1, 0).request) == said(1, 0, "bad"))
        #expect(try store.feedback(of: said(2, 0).request) == said(2, 1))
        #expect(try store.feedback(of: said(3, 0).request) == nil)
    }

    @Test("it is found by the ids of requests, the newest first", arguments: Kind.allCases)
    func range(kind: Kind) throws {
        let store = try kind.open(in: folder)
        for number in 1...5 { _ = try store.keep(said(number, Double(number) / 10)) }
        let all = try store.feedback(from: said(1, 0).request, before: .first(atUnixMilliseconds: .max), limit: 10)
        #expect(all.map(\.score) == [0.5, 0.4, 0.3, 0.2, 0.1])
        #expect(try store.feedback(from: said(2, 0).request, before: said(5, 0).request, limit: 2).map(\.score) == [0.4, 0.3])
        #expect(try store.feedback(from: said(1, 0).request, before: said(5, 0).request, limit: 0).isEmpty)
    }

    @Test("what nobody said gives way to what is said, and is shown with its lesson to those who learn alone", arguments: Kind.allCases)
    func hints(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let first = LedgerEntry.sample(1).id
        func hint(_ number: Int, _ source: Feedback.Source, _ lesson: [UInt8] = [1, 0, 255]) -> Feedback {
            Feedback(request: LedgerEntry.sample(number).id, unixMilliseconds: 5, score: 0, source: source, lesson: lesson)
        }
        #expect(try store.keep(hint(1, .regenerated)))
        #expect(try store.keep(hint(2, .fallback)))
        #expect(try store.feedback(of: first) == nil, "nobody said anything")
        #expect(try store.opinions(from: first, limit: 10) == [hint(2, .fallback), hint(1, .regenerated)])
        var word = self.said(1, 1, "good")
        word.lesson = [7]
        #expect(try store.keep(word), "the first word")
        #expect(try !store.keep(hint(1, .badFormat)), "too late")
        #expect(try !store.keep(word))
        #expect(try store.opinions(from: first, limit: 10) == [hint(2, .fallback), word])
        #expect(try store.opinions(from: first, limit: 1) == [hint(2, .fallback)])
        #expect(try store.feedback(of: first)?.label == "good" && store.feedback(of: first)?.lesson.isEmpty == true)
    }
}
