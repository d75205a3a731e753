/// The seeded generator of every choice: xoshiro256++ started by splitmix64 (Blackman and Vigna, 2019). The same seed gives the
/// same picks on every platform, so a decision can be replayed.
public struct Random: RandomNumberGenerator, Hashable, Sendable {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    public init(seed: UInt64) {
        var state = seed
        a = Random.splitMix(&state)
        b = Random.splitMix(&state)
        c = Random.splitMix(&state)
        d = Random.splitMix(&state)
    }

    public mutating func next() -> UInt64 {
        let sum = a &+ d
        let result = ((sum << 23) | (sum >> 41)) &+ a
        let shifted = b << 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = (d << 45) | (d >> 19)
        return result
    }

    /// Uniform in 0 ..< 1, 53 bits.
    public mutating func unit() -> Double { Random.unit(next()) }

    /// Uniform in 0 ..< `bound`, by multiplication (Lemire, without the rejection: the bias is below bound / 2^64).
    public mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    static func unit(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }

    /// A good mixture of the bits of `value`: the splitmix64 finaliser.
    public static func mix(_ value: UInt64) -> UInt64 {
        var state = value
        return splitMix(&state)
    }

    /// FNV-1a over UTF-8, mixed: the same on every run, unlike `Hasher`. For sticky facts.
    public static func hash(_ text: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return mix(hash)
    }

    /// As `hash`, eight bytes a step, with results of its own. For texts as they lie in a request.
    public static func hash(bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = mix(UInt64(bytes.count))
        var at = 0
        while bytes.count - at >= 8 {
            hash = mix(hash ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
        }
        var rest: UInt64 = 0
        while at < bytes.count {
            rest = rest << 8 | UInt64(bytes[at])
            at += 1
        }
        return mix(hash ^ rest)
    }

    /// Exponentially distributed with mean 1: the time to the next of events that come independently.
    public mutating func exponential() -> Double { -Random.logarithm(Random.unit(next() | 1 << 11)) }

    /// Natural logarithm of a positive number to nine digits, with plain arithmetic: the same on every platform.
    static func logarithm(_ x: Double) -> Double {
        let m = x.significand
        let s = (m - 1.414_213_562_373_095) / (m + 1.414_213_562_373_095)
        let q = s * s
        let series = 1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q / 11))))
        return (Double(x.exponent) + 0.5) * 0.693_147_180_559_945_3 + 2 * s * series
    }

    private static func splitMix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
