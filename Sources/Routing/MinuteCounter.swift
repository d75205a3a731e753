/// What a deployment took within a minute of UTC: requests as they begin, tokens as they end.
struct MinuteCounter: Sendable {
    static let minute: Int64 = 60_000_000_000

    private var number = Int64.min
    private var requestsThen = 0
    private var tokensThen = 0

    /// The minute of `now`, where one begins at `origin`.
    @inline(__always)
    static func number(at now: Instant, origin: Int64) -> Int64 {
        let since = now.nanoseconds &- origin
        return since >= 0 ? since / minute : (since + 1) / minute - 1
    }

    /// When the minute after `number` begins.
    static func end(of number: Int64, origin: Int64) -> Instant { Instant(nanoseconds: (number + 1) &* minute &+ origin) }

    func requests(in number: Int64) -> Int { number == self.number ? requestsThen : 0 }
    func tokens(in number: Int64) -> Int { number == self.number ? tokensThen : 0 }

    mutating func began(in number: Int64) {
        turn(to: number)
        requestsThen += 1
    }

    /// One that was begun is not sent after all.
    mutating func withdrawn(in number: Int64) {
        if number == self.number { requestsThen = max(0, requestsThen - 1) }
    }

    mutating func took(tokens: Int, in number: Int64) {
        turn(to: number)
        tokensThen += max(0, tokens)
    }

    private mutating func turn(to number: Int64) {
        guard number != self.number else { return }
        self.number = number
        requestsThen = 0
        tokensThen = 0
    }
}
