/// Makes the ids of one event loop, without a lock: each loop has a node of its own.
///
/// A clock that is set back, or more than 4,096 requests in a millisecond, makes ids run ahead of the clock until it has
/// caught up; ids rise strictly whatever the clock does.
public struct RequestIDGenerator: Sendable {
    private let node: Int64
    private var millisecond: Int64 = 0
    private var sequence: Int64 = -1

    /// `node` is taken modulo `RequestID.nodes`.
    public init(node: Int) { self.node = Int64(node & (RequestID.nodes - 1)) }

    /// 4 million a second and node before ids run ahead of the clock.
    public mutating func next(atUnixMilliseconds now: Int64) -> RequestID {
        let clock = min(max(0, now - RequestID.epoch), 1 << Int64(RequestID.timeBits) - 1)
        if clock > millisecond {
            millisecond = clock
            sequence = 0
        } else {
            sequence += 1
            if sequence == 1 << Int64(RequestID.sequenceBits) {
                millisecond += 1
                sequence = 0
            }
        }
        return RequestID(millisecond: millisecond, node: node, sequence: sequence)
    }
}
