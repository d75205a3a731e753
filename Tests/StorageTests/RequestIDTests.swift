import Storage
import Testing

@Suite("Request id") struct RequestIDTests {
    static let moment: Int64 = 1_760_000_000_000

    @Test(
        "ids of a node rise strictly whatever the clock does",
        arguments: [
            ([0, 0, 0, 1, 2], 1), ([10, 5, 0, -1_000_000, 11], 1), ([7], 10_000), ([0, 1 << 50, 0], 1), ([0, -1], 5_000),
        ] as [([Int64], Int)])
    func rising(steps: [Int64], times: Int) {
        var generator = RequestIDGenerator(node: 3)
        var last: RequestID?
        for step in repeatElement(steps, count: times).joined() {
            let id = generator.next(atUnixMilliseconds: Self.moment + step)
            if let last { #expect(last < id) }
            last = id
        }
    }

    @Test("an id says when its request began")
    func time() {
        var generator = RequestIDGenerator(node: 1023)
        #expect(generator.next(atUnixMilliseconds: Self.moment).unixMilliseconds == Self.moment)
        #expect(RequestID.first(atUnixMilliseconds: Self.moment) <= generator.next(atUnixMilliseconds: Self.moment))
        #expect(RequestID.first(atUnixMilliseconds: Self.moment + 1) > generator.next(atUnixMilliseconds: Self.moment))
        #expect(RequestID.first(atUnixMilliseconds: 0).rawValue == 0)
    }

    @Test("more requests than a millisecond has numbers for borrow from the next")
    func overflow() {
        var generator = RequestIDGenerator(node: 0)
        let ids = (0..<4097).map { _ in generator.next(atUnixMilliseconds: Self.moment) }
        #expect(Set(ids).count == 4097)
        #expect(ids[4095].unixMilliseconds == Self.moment)
        #expect(ids[4096].unixMilliseconds == Self.moment + 1)
    }

    @Test("two nodes never make the same id")
    func nodes() {
        var ids: Set<RequestID> = []
        for node in 0..<RequestID.nodes {
            var generator = RequestIDGenerator(node: node)
            for _ in 0..<3 { ids.insert(generator.next(atUnixMilliseconds: Self.moment)) }
        }
        #expect(ids.count == 3 * RequestID.nodes)
    }

    @Test("the textual form is 17 characters and reads back", arguments: [0, 1, 31, 32, 1 << 40, Int64.max])
    func text(value: Int64) throws {
        let id = try #require(RequestID(rawValue: value))
        #expect(id.description.utf8.count == RequestID.textLength)
        #expect(RequestID(id.description) == id)
        #expect(RequestID("req_" + id.description.dropFirst(4).uppercased()) == id)
    }

    @Test("text sorts as ids do")
    func order() throws {
        let ids = try [0, 5, 31, 32, 99_999, 1 << 33, .max].map { try #require(RequestID(rawValue: $0)) }
        #expect(ids.map(\.description).sorted() == ids.map(\.description))
    }

    @Test(
        "what is no id is not read",
        arguments: [
            "", "req_", "req_000000000000", "req_00000000000000", "rec_0000000000000", "req_000000000000u", "req_000000000000é",
            "req_8000000000000", "req_zzzzzzzzzzzzz", "req_-000000000001", "req_00000000000 1",
        ])
    func malformed(text: String) { #expect(RequestID(text) == nil) }

    @Test("a negative number is no id")
    func negative() { #expect(RequestID(rawValue: -1) == nil) }
}
