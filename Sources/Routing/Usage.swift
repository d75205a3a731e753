/// Tokens of one request by class. Classes do not overlap: `input` excludes cached and cache-written tokens, `output`
/// excludes reasoning. So a cost is a plain sum of class times price.
public struct Usage: Hashable, Sendable {
    public var input: Int64 = 0
    public var cachedInput: Int64 = 0
    public var cacheWrite: Int64 = 0
    /// Written to be kept for an hour; not in `cacheWrite`.
    public var cacheWriteHour: Int64 = 0
    public var output: Int64 = 0
    public var reasoning: Int64 = 0
    public var audioInput: Int64 = 0
    public var audioOutput: Int64 = 0
    /// Where the provider counts images apart from text.
    public var imageInput: Int64 = 0
    public var imageOutput: Int64 = 0
    /// Counted here because the provider did not say.
    public var estimated = false
    /// How soon it was served, which is another price at some providers.
    public var tier = ServiceTier.standard

    public init() {}

    public var totalInput: Int64 { input &+ cachedInput &+ cacheWrite &+ cacheWriteHour &+ audioInput &+ imageInput }
    public var totalOutput: Int64 { output &+ reasoning &+ audioOutput &+ imageOutput }

    public var countsSomething: Bool { (totalInput | totalOutput) != 0 }

    /// Class by class; estimated where either is, and of the tier of the later one unless that is the usual one.
    public static func + (left: Usage, right: Usage) -> Usage {
        var sum = left
        sum += right
        sum.estimated = left.estimated || right.estimated
        if right.tier != .standard { sum.tier = right.tier }
        return sum
    }

    /// Class by class; `estimated` and `tier` stay what they were.
    public static func += (left: inout Usage, right: Usage) {
        left.input &+= right.input
        left.cachedInput &+= right.cachedInput
        left.cacheWrite &+= right.cacheWrite
        left.cacheWriteHour &+= right.cacheWriteHour
        left.output &+= right.output
        left.reasoning &+= right.reasoning
        left.audioInput &+= right.audioInput
        left.audioOutput &+= right.audioOutput
        left.imageInput &+= right.imageInput
        left.imageOutput &+= right.imageOutput
    }
}
