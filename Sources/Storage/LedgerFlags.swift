import Routing

/// What stands in a row's `flags`, in every store: bits of its own, and from the ninth on the service tier. Rows that were written before
/// there were tiers have none, which is the usual one.
enum LedgerFlags {
    private static let streamed: Int32 = 1
    private static let estimated: Int32 = 2
    private static let priced: Int32 = 4
    private static let cached: Int32 = 8
    private static let tierUnpriced: Int32 = 16
    private static let tierShift: Int32 = 8

    @inline(__always)
    static func of(_ row: borrowing LedgerEntry) -> Int32 {
        (row.streamed ? streamed : 0) | (row.usage.estimated ? estimated : 0) | (row.priced ? priced : 0) | (row.cached ? cached : 0)
            | (row.tierUnpriced ? tierUnpriced : 0) | Int32(row.usage.tier.rawValue) << tierShift
    }

    static func read(_ flags: Int64, into row: inout LedgerEntry) {
        let bits = Int32(truncatingIfNeeded: flags)
        row.streamed = bits & streamed != 0
        row.priced = bits & priced != 0
        row.cached = bits & cached != 0
        row.tierUnpriced = bits & tierUnpriced != 0
        row.usage.estimated = bits & estimated != 0
        // A tier that a later version named is one that this one does not know.
        row.usage.tier = ServiceTier(rawValue: UInt8(truncatingIfNeeded: bits >> tierShift)) ?? .other
    }
}
