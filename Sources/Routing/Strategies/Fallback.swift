/// Children in their order; which faults lead on to a child is its branch's `on`.
public struct Fallback: Strategy {
    public static let name = "fallback"
    public static let aliases = ["priority", "ordered"]

    public init() {}

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int { 0 }
}

/// The one child. A table refuses it with more than one.
public struct Single: Strategy {
    public static let name = "single"

    public init() {}

    public mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int { 0 }
}
