import Gateway

/// Slows down those who guess admin tokens: by address, and all together. The wait doubles with each failure up to a bound and goes by
/// itself, so that nobody is locked out for good; who showed a good token from an address before is not slowed there.
struct SignInLimit: Sendable {
    struct Pace: Sendable {
        /// Failures that cost nothing.
        let free: Int
        /// Milliseconds to wait after the first one beyond, doubled with each further one up to `longest`.
        let shortest: Int64
        let longest: Int64

        func wait(after failures: Int) -> Int64 {
            guard failures > free else { return 0 }
            return min(longest, shortest << Int64(min(failures - free - 1, 30)))
        }
    }

    struct Counts: Sendable {
        var failed = 0
        var refused = 0
    }

    private struct Record: Sendable {
        var failures = 0
        var last: Int64 = 0
        var until: Int64 = 0

        mutating func fail(at now: Int64, _ pace: Pace) {
            if now - last >= SignInLimit.forgotten { failures = 0 }
            failures += 1
            last = now
            until = now + pace.wait(after: failures)
        }
    }

    static let each = Pace(free: 5, shortest: 1_000, longest: 60_000)
    static let all = Pace(free: 100, shortest: 500, longest: 10_000)
    /// Milliseconds without a failure.
    static let forgotten: Int64 = 15 * 60_000
    /// Addresses, and good tokens by address, that are known at once; the one that was seen longest ago makes room.
    static let most = 4_096

    private var addresses: [String: Record] = [:]
    private var together = Record()
    private var good: [Known: Int64] = [:]
    private(set) var counts = Counts()

    private struct Known: Hashable, Sendable {
        let address: String
        let token: TokenDigest
    }

    /// Milliseconds until a token is looked at again; 0: now.
    mutating func wait(_ address: String, _ token: TokenDigest, at now: Int64) -> Int64 {
        let address = Self.network(of: address)
        if good[Known(address: address, token: token)] != nil { return 0 }
        let wait = max(addresses[address].map { $0.until - now } ?? 0, together.until - now, 0)
        if wait > 0 { counts.refused += 1 }
        return wait
    }

    mutating func failed(_ address: String, at now: Int64) {
        let address = Self.network(of: address)
        counts.failed += 1
        together.fail(at: now, Self.all)
        if addresses[address] == nil, addresses.count >= Self.most, let oldest = addresses.min(by: { $0.value.last < $1.value.last })?.key {
            addresses[oldest] = nil
        }
        addresses[address, default: Record()].fail(at: now, Self.each)
    }

    mutating func succeeded(_ address: String, _ token: TokenDigest, at now: Int64) {
        let address = Self.network(of: address)
        addresses[address] = nil
        let known = Known(address: address, token: token)
        if good[known] == nil, good.count >= Self.most, let oldest = good.min(by: { $0.value < $1.value })?.key { good[oldest] = nil }
        good[known] = now
    }

    /// Of IPv6 the first 64 bits: whoever has one address has all of those.
    private static func network(of address: String) -> String {
        let groups = address.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count > 2 else { return address }
        // What `::` stands for is at most the end of the network's part.
        let head = groups.prefix { !$0.isEmpty }
        return head.prefix(4).joined(separator: ":") + "::"
    }
}
