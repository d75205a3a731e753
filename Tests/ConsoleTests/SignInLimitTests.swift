import Gateway
import Testing

@testable import Console

@Suite("Guessing admin tokens")
struct SignInLimitTests {
    private let wrong = TokenDigest(of: "wrong")
    private let right = TokenDigest(of: "right")

    @Test(
        "the wait doubles with each failure beyond those that cost nothing, up to its bound",
        arguments: [(0, 0), (5, 0), (6, 1_000), (7, 2_000), (8, 4_000), (11, 32_000), (12, 60_000), (1_000, 60_000)] as [(Int, Int64)])
    func pace(failures: Int, wait: Int64) {
        #expect(SignInLimit.each.wait(after: failures) == wait)
    }

    @Test("one address is slowed and no other one, and the wait goes by itself")
    func addresses() {
        var limit = SignInLimit()
        for _ in 0..<6 { limit.failed("192.0.2.1", at: 0) }
        #expect(limit.wait("192.0.2.1", wrong, at: 0) == 1_000)
        #expect(limit.wait("192.0.2.1", right, at: 400) == 600)
        #expect(limit.wait("192.0.2.2", right, at: 0) == 0)
        #expect(limit.wait("192.0.2.1", right, at: 1_000) == 0)
        #expect(limit.counts.failed == 6 && limit.counts.refused == 2)
    }

    @Test("a good token clears its address, and is looked at from there whatever others guess")
    func good() {
        var limit = SignInLimit()
        for _ in 0..<6 { limit.failed("192.0.2.1", at: 0) }
        limit.succeeded("192.0.2.1", right, at: 1_000)
        limit.failed("192.0.2.1", at: 1_001)
        #expect(limit.wait("192.0.2.1", wrong, at: 1_001) == 0)
        for _ in 0..<50 { limit.failed("192.0.2.1", at: 2_000) }
        #expect(limit.wait("192.0.2.1", wrong, at: 2_000) == 60_000)
        #expect(limit.wait("192.0.2.1", right, at: 2_000) == 0)
        #expect(limit.wait("192.0.2.9", right, at: 2_000) == 0)
    }

    @Test("guesses from everywhere slow everybody who was not in before, and never for long")
    func together() {
        var limit = SignInLimit()
        limit.succeeded("192.0.2.1", right, at: 0)
        for guess in 0..<10_000 { limit.failed("198.51.\(guess / 250).\(guess % 250)", at: 0) }
        #expect(limit.wait("203.0.113.5", wrong, at: 0) == SignInLimit.all.longest)
        #expect(limit.wait("192.0.2.1", right, at: 0) == 0)
        #expect(limit.wait("203.0.113.5", wrong, at: SignInLimit.all.longest) == 0)
    }

    @Test("what was long ago is forgotten")
    func forgotten() {
        var limit = SignInLimit()
        for _ in 0..<20 { limit.failed("192.0.2.1", at: 0) }
        limit.failed("192.0.2.1", at: SignInLimit.forgotten)
        #expect(limit.wait("192.0.2.1", wrong, at: SignInLimit.forgotten) == 0)
    }

    @Test(
        "whoever has one address of IPv6 has all of its network",
        arguments: [
            ("2001:db8:1:2::7", "2001:db8:1:2:aaaa::9", true), ("2001:db8:1:2::7", "2001:db8:1:3::7", false), ("::1", "::1", true),
            ("2001:db8::1", "2001:db8::2", true), ("192.0.2.1", "192.0.2.2", false),
        ])
    func networks(_ one: String, _ other: String, _ isSame: Bool) {
        var limit = SignInLimit()
        for _ in 0..<6 { limit.failed(one, at: 0) }
        #expect((limit.wait(other, wrong, at: 0) > 0) == isSame)
    }
}
