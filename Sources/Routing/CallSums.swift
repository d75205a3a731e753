/// One call that ended with a verdict on its deployment.
struct CallSample: Sendable {
    /// LiteLLM's: what ran into its timeout counts as if it had taken this long, so that one that hangs is not taken for a fast one
    /// that rarely answers.
    static let penalty: Int64 = 1_000_000_000_000

    var at: Instant
    /// Nanoseconds, as all below; -1: it did not stream, or said nothing.
    var firstByte: Int64 = -1
    /// For a token of the answer; -1: there was no answer.
    var perToken: Int64 = -1
    var total: Int64 = 0
    var tokens: Int32 = 0
    var isFault = false

    init(answeredAt now: Instant, firstByte: Duration, total: Duration, tokens: Int, streamed: Bool) {
        at = now
        self.total = max(0, total.nanoseconds)
        self.tokens = Int32(clamping: max(0, tokens))
        perToken = self.total / Int64(max(1, self.tokens))
        if streamed { self.firstByte = max(0, firstByte.nanoseconds) }
    }

    init(failedAt now: Instant, after elapsed: Duration, isTimeout: Bool) {
        at = now
        isFault = true
        guard isTimeout else { return }
        total = max(0, elapsed.nanoseconds)
        firstByte = Self.penalty
        perToken = Self.penalty
    }
}

/// Sums of samples, in whole numbers, so that what leaves a window takes away exactly what it brought.
struct CallSums: Hashable, Sendable {
    var calls: Int64 = 0
    var faults: Int64 = 0
    /// Samples in `firstBytes`.
    var streams: Int64 = 0
    var firstBytes: Int64 = 0
    /// Samples in `perToken` and `total`.
    var answers: Int64 = 0
    var perToken: Int64 = 0
    var total: Int64 = 0
    var tokens: Int64 = 0

    static func += (sums: inout CallSums, sample: CallSample) { sums.count(sample, 1) }
    static func -= (sums: inout CallSums, sample: CallSample) { sums.count(sample, -1) }

    static func += (sums: inout CallSums, other: CallSums) { sums.count(other, 1) }
    static func -= (sums: inout CallSums, other: CallSums) { sums.count(other, -1) }

    @inline(__always)
    private mutating func count(_ sample: CallSample, _ sign: Int64) {
        calls += sign
        if sample.isFault { faults += sign }
        if sample.firstByte >= 0 {
            streams += sign
            firstBytes &+= sign * sample.firstByte
        }
        if sample.perToken >= 0 {
            answers += sign
            perToken &+= sign * sample.perToken
            total &+= sign * sample.total
            tokens += sign * Int64(sample.tokens)
        }
    }

    private mutating func count(_ other: CallSums, _ sign: Int64) {
        calls += sign * other.calls
        faults += sign * other.faults
        streams += sign * other.streams
        firstBytes &+= sign * other.firstBytes
        answers += sign * other.answers
        perToken &+= sign * other.perToken
        total &+= sign * other.total
        tokens += sign * other.tokens
    }

    /// Nil: nothing to say it by.
    func value(_ kind: Measure.Kind, streaming: Bool) -> Double? {
        switch kind {
        case .latency: value(streaming ? .firstToken : .perToken, streaming: streaming)
        case .firstToken: streams == 0 ? nil : Double(firstBytes) / Double(streams) * 1e-9
        case .perToken: answers == 0 ? nil : Double(perToken) / Double(answers) * 1e-9
        case .whole: answers == 0 ? nil : Double(total) / Double(answers) * 1e-9
        case .throughput: total == 0 ? nil : Double(tokens) / (Double(total) * 1e-9)
        case .successRate: calls == 0 ? nil : Double(calls - faults) / Double(calls)
        case .requests: Double(calls)
        default: nil
        }
    }
}
