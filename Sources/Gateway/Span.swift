import Routing

/// A length of time as whole nanoseconds. `Duration` counts attoseconds in 128 bits, and turning those into nanoseconds is
/// a division: done once when settings are compiled, not at every deadline.
struct Span: Hashable, Comparable, Sendable {
    let nanoseconds: Int64

    init(_ duration: Duration) { nanoseconds = duration.nanoseconds }

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    static let zero = Span(nanoseconds: 0)
    static func seconds(_ seconds: Int64) -> Span { Span(nanoseconds: seconds * 1_000_000_000) }

    static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }

    var duration: Duration { .nanoseconds(nanoseconds) }
}

extension Instant {
    /// Saturates at `distantFuture`.
    static func + (instant: Instant, span: Span) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }
}
