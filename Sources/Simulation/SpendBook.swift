import Routing

/// What is held back for open attempts and what was spent, with the bounds that a ledger must keep.
struct SpendBook {
    private(set) var reserved: Int64 = 0
    private(set) var spent: Int64 = 0
    private var problem: String?

    /// Tokens times price, in nano-dollars, rounded up: in 128 bits from the price's words, where `Price` has a way of its own.
    static func cost(_ price: Price, input: Int, output: Int) -> Int64 {
        let sum = Int128(input) * Int128(price.input) + Int128(output) * Int128(price.output)
        return Int64((sum + 999_999) / 1_000_000)
    }

    mutating func reserve(_ amount: Int64) { reserved += amount }

    /// What was held for an attempt is let go, and what it cost is spent.
    mutating func settle(_ cost: Nanodollars, _ price: Price, input: Int, output: Int, reserved amount: Int64) {
        reserved -= amount
        spent += cost.amount
        let wanted = Self.cost(price, input: input, output: output)
        if cost.amount != wanted { note("an attempt costs \(cost.amount) nano-dollars, by our books \(wanted)") }
        if cost.amount > amount { note("an attempt costs \(cost.amount) nano-dollars, more than the \(amount) held back for it") }
        if reserved < 0 { note("less than nothing is held back: \(reserved)") }
    }

    /// An attempt without usage.
    mutating func release(_ amount: Int64) {
        reserved -= amount
        if reserved < 0 { note("less than nothing is held back: \(reserved)") }
    }

    private mutating func note(_ what: String) { problem = problem ?? what }

    var problemAtTheEnd: String? { problem ?? (reserved == 0 ? nil : "\(reserved) nano-dollars are held back at the end") }
}
