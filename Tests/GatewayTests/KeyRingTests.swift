import Schema
import Settings
import Testing

@testable import Gateway

@Suite("Key ring") struct KeyRingTests {
    private static let ring = KeyRing(
        [VirtualKey(name: "a", secret: Secret("sk-a")), VirtualKey(name: "b", secret: Secret("sk-b"))], open: false)

    enum Expected: Sendable { case key(Int), missing, unknown }

    @Test(
        "a key is found by all of it, and by nothing else",
        arguments: [
            ("sk-a" as String?, Expected.key(0)), ("sk-b", .key(1)), ("sk-", .unknown), ("sk-aa", .unknown), ("SK-A", .unknown), ("sk-a ", .unknown),
            ("", .missing), (nil, .missing),
        ])
    func finds(_ presented: String?, _ expected: Expected) {
        var remembered = VerifiedKeys()
        // The second time it may be remembered; the verdict is the same.
        for _ in 0..<2 { #expect(Self.same(Self.find(presented, &remembered, Self.ring), expected)) }
    }

    @Test("a key that was remembered is forgotten when settings change")
    func forgets() {
        var remembered = VerifiedKeys()
        #expect(Self.same(Self.find("sk-a", &remembered, Self.ring), .key(0)))
        remembered.forget()
        let without = KeyRing([VirtualKey(name: "b", secret: Secret("sk-b"))], open: false)
        #expect(Self.same(Self.find("sk-a", &remembered, without), .unknown))
        #expect(Self.same(Self.find("sk-b", &remembered, without), .key(0)))
    }

    @Test("many keys that share a slot are told apart")
    func crowded() {
        let keys = (0..<2_000).map { VirtualKey(name: "k\($0)", secret: Secret("sk-\($0)")) }
        let ring = KeyRing(keys, open: false)
        var remembered = VerifiedKeys()
        for round in 0..<2 {
            for number in stride(from: round, to: 2_000, by: 7) {
                #expect(Self.same(Self.find("sk-\(number)", &remembered, ring), .key(number)))
            }
        }
    }

    @Test("an open ring serves everybody as its one key")
    func open() {
        var remembered = VerifiedKeys()
        let ring = KeyRing([], open: true)
        for presented in [nil, "", "sk-anything"] { #expect(Self.same(Self.find(presented, &remembered, ring), .key(0))) }
    }

    @Test("a key as it was before it was rotated says until when it is good, and is remembered by nobody")
    func former() {
        var key = VirtualKey(name: "a", secret: Secret("sk-new"))
        key.previous = [(Secret("sk-old"), Moment(seconds: 7)), (Secret(NewKey.digest(of: "sk-older")), Moment(seconds: 5))]
        let ring = KeyRing([key], open: false)
        var remembered = VerifiedKeys()
        #expect(Self.same(Self.find("sk-new", &remembered, ring), .key(0)))
        for (presented, expected) in [("sk-old", Int64(7)), ("sk-older", 5)] {
            for _ in 0..<2 {
                guard case .former(0, until: expected) = Self.find(presented, &remembered, ring) else {
                    Issue.record("\(presented) is no former key")
                    return
                }
            }
            #expect(Array(presented.utf8).withUnsafeBytes { ring.knows($0) })
        }
    }

    private static func find(_ presented: String?, _ remembered: inout VerifiedKeys, _ ring: KeyRing) -> KeyRing.Verdict {
        guard let presented else { return remembered.find(nil, in: ring) }
        return Array(presented.utf8).withUnsafeBytes { remembered.find($0, in: ring) }
    }

    private static func same(_ verdict: KeyRing.Verdict, _ expected: Expected) -> Bool {
        switch (verdict, expected) {
        case (.key(let one), .key(let other)): one == other
        case (.missing, .missing), (.unknown, .unknown): true
        default: false
        }
    }
}
