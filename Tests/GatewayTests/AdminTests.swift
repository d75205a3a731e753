import Routing
import Settings
import Storage
import Testing

@testable import Gateway

@Suite("Admin helpers") struct AdminTests {
    @Test(
        "months are those of the calendar in UTC",
        arguments: [(0, 197_001), (951_782_399_999, 200_002), (951_868_800_000, 200_003), (1_795_219_200_000, 202_611), (1_798_761_599_999, 202_612)])
    func months(unixMilliseconds: Int64, written: Int) {
        let month = Month.of(unixMilliseconds: unixMilliseconds)
        #expect(month.written == written)
        #expect(month.number == written / 100 * 12 + written % 100)
    }

    @Test("a key that is known by its digest is found by itself, and not by its digest")
    func digests() {
        let key = NewKey.make()
        #expect(key.hasPrefix("sk-swiftlet-"))
        #expect(key != NewKey.make())
        let written = NewKey.digest(of: key)
        let ring = KeyRing([VirtualKey(name: "team", secret: .init(written))], open: false)
        func find(_ text: String) -> KeyRing.Verdict { Array(text.utf8).withUnsafeBytes { ring.find($0) } }
        guard case .key(0) = find(key) else { return #expect(Bool(false), "the key is not found") }
        guard case .unknown = find(written) else { return #expect(Bool(false), "the digest serves as a key") }
    }

    @Test("what is no digest is a key like any other", arguments: ["sha256:", "sha256:12", "sha256:" + String(repeating: "g", count: 64)])
    func noDigests(text: String) {
        #expect(KeyRing.Digest(written: text) == nil)
    }

    @Test("an event is kept with the names it has")
    func events() {
        var event = RouterEvent(at: .zero, kind: .failover)
        event.from = "a/b"
        event.to = "c\"d"
        event.fault = .timeout
        event.number = 2
        event.ticket = 77
        let stored = AdminEvents.stored(event, wall: 5)
        #expect(
            stored
                == StoredEvent(
                    unixMilliseconds: 5, kind: "failover", request: 77, detail: #"{"from":"a/b","to":"c\"d","fault":"timeout","number":2}"#))
    }
}
