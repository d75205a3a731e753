import Routing

/// A window of an account as a store keeps it: what of it is gone, and where to. Sums are of all its slices.
struct LeaseWindow: Hashable, Sendable {
    var used: Int64 = 0
    var writtenOff: Int64 = 0
    var leased: Int64 = 0

    /// How much may be granted of what is asked.
    func grant(_ amount: Int64, under limit: Int64) -> Int64 {
        guard limit < .max else { return max(0, amount) }
        let free = max(0, limit).saturatingSubtract(used).saturatingSubtract(writtenOff).saturatingSubtract(leased)
        return max(0, min(amount, free))
    }
}

/// A slice as a store keeps it, and the arithmetic that every store has in common.
struct LeaseSlice: Hashable, Sendable {
    enum State: UInt8, Sendable {
        case open
        /// Its gateway was not heard of: the rest counts as gone until its rows, its gateway or a correction say otherwise.
        case writtenOff
        /// Nothing is left of it; rows that come late are charged all the same.
        case closed
    }

    var kind: LeaseKind
    var state = State.open
    /// Less what was given back.
    var granted: Int64 = 0
    /// Charged by rows; may be more than was granted.
    var used: Int64 = 0
    /// What it may owe beyond `used`, as its gateway said last: all of it until that has been said. Of a rate, what it has used.
    var held: Int64

    init(_ kind: LeaseKind) {
        self.kind = kind
        held = kind == .budget ? .max : 0
    }

    /// What of it is gone from the window without having been used.
    var rest: Int64 { state == .closed ? 0 : max(0, granted - used) }

    /// To what its gateway knows of: what is beyond that was granted in an answer that got lost. What rows overdrew stays owed.
    mutating func lower(to known: Int64, _ window: inout LeaseWindow) {
        guard granted > known else { return }
        change(&window) { $0.granted = known }
    }

    mutating func grow(by amount: Int64, _ window: inout LeaseWindow) {
        change(&window) { $0.granted = $0.granted.saturatingAdd(amount) }
    }

    /// What a row says is true, whatever was granted and whatever became of the slice.
    mutating func charge(_ amount: Int64, _ window: inout LeaseWindow) {
        change(&window) { $0.used = $0.used.saturatingAdd(max(0, amount)) }
    }

    mutating func giveBack(_ amount: Int64, isLast: Bool, _ window: inout LeaseWindow) {
        change(&window) { slice in
            slice.granted -= max(0, min(amount, slice.rest))
            guard isLast else { return }
            // No row says what was used of a rate: what does not come back was.
            if slice.kind == .rate { slice.used += slice.rest }
            slice.state = .closed
        }
    }

    mutating func expire(_ window: inout LeaseWindow) {
        guard state == .open else { return }
        change(&window) { $0.state = $0.kind == .parallel ? .closed : .writtenOff }
    }

    /// Its gateway begins a new life and did not leave the one before: nobody says what it used of a rate in its last moments, so all of it
    /// counts as used. A minute is over soon.
    mutating func abandon(_ window: inout LeaseWindow) {
        if kind == .rate { held = .max }
        close(&window)
    }

    /// Of a rate, what its gateway said that it had used stays used.
    mutating func close(_ window: inout LeaseWindow) {
        change(&window) { slice in
            if slice.kind == .rate { slice.used += min(slice.rest, slice.held) }
            slice.state = .closed
        }
    }

    /// Down to what its requests may still owe. False where there was nothing to correct.
    mutating func correct(_ window: inout LeaseWindow) -> Bool {
        guard state == .writtenOff, kind == .budget, rest > held else { return false }
        change(&window) { $0.granted = $0.used.saturatingAdd($0.held) }
        return true
    }

    private mutating func change(_ window: inout LeaseWindow, _ body: (inout LeaseSlice) -> Void) {
        let before = self
        body(&self)
        window.used = window.used.saturatingAdd(used - before.used)
        window.move(-before.rest, before.state)
        window.move(rest, state)
    }
}

extension LeaseWindow {
    fileprivate mutating func move(_ amount: Int64, _ state: LeaseSlice.State) {
        switch state {
        case .open: leased = max(0, leased.saturatingAdd(amount))
        case .writtenOff: writtenOff = max(0, writtenOff.saturatingAdd(amount))
        case .closed: break
        }
    }
}

extension Int64 {
    func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    func saturatingSubtract(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}

/// How long windows are kept behind their end, for rows that come late and for whoever asks.
enum LeaseKeeping {
    static let budgetMilliseconds: Int64 = 7 * 86_400_000
    /// Of minutes nobody asks.
    static let rateMilliseconds: Int64 = 600_000
    /// So long others are told that a gateway wanted more of a window than there was.
    static let soughtMilliseconds: Int64 = 3_000
    /// Windows that one call forgets at most.
    static let mostAtOnce = 256
    /// An idle gateway of a store of its own need not write that it lives more often.
    static let silenceMilliseconds: Int64 = 10_000
}

extension Duration {
    var wholeMilliseconds: Int64 { min(components.seconds, 1 << 50) * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
