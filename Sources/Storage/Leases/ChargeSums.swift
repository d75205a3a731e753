import Routing

/// What many rows charge, summed by slice: a busy key charges the same few slices with each row.
public struct ChargeSums: Sendable {
    public private(set) var charges: [LeaseCharge] = []
    private var places: [Int64: Int] = [:]
    /// Rows of one key charge the same slices in the same order: where the next one probably stands.
    private var guess = 0
    private static let few = 8

    public init() {}

    public var isEmpty: Bool { charges.isEmpty }

    public mutating func add(_ more: [LeaseCharge]) {
        for charge in more {
            let amount = max(0, charge.amount)
            if guess >= charges.count { guess = 0 }
            let isThere = guess < charges.count && charges[guess].lease == charge.lease
            if let place = isThere ? guess : place(of: charge.lease) {
                charges[place].amount = charges[place].amount.saturatingAdd(amount)
                guess = place + 1
            } else {
                append(LeaseCharge(lease: charge.lease, amount: amount))
            }
        }
    }

    /// A few are compared sooner than one is digested.
    private func place(of lease: Int64) -> Int? {
        charges.count <= Self.few ? charges.firstIndex { $0.lease == lease } : places[lease]
    }

    private mutating func append(_ charge: LeaseCharge) {
        charges.append(charge)
        if charges.count == Self.few + 1 {
            for (place, charge) in charges.enumerated() { places[charge.lease] = place }
        } else if charges.count > Self.few {
            places[charge.lease] = charges.count - 1
        }
        guess = charges.count
    }

    /// Keeps its room.
    public mutating func clear() {
        charges.removeAll(keepingCapacity: charges.count <= 1_024)
        if !places.isEmpty { places = [:] }
        guess = 0
    }
}
