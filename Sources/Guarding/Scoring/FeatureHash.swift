/// How features are numbered; the same as in `training/guardrails/reader.py`, to the bit.
enum FeatureHash {
    static let seed: UInt32 = 0x811C_9DC5

    /// One more character of a word (FNV-1a over code points).
    @inline(__always) static func step(_ state: UInt32, _ code: UInt32) -> UInt32 { (state ^ code) &* 0x0100_0193 }

    /// A feature of a kind, made of one or two hashes.
    @inline(__always) static func mix(_ kind: UInt32, _ a: UInt32, _ b: UInt32 = 0) -> UInt32 {
        var value = (a ^ kind) &* 0x85EB_CA6B &+ b
        value = (value ^ value >> 15) &* 0xC2B2_AE35
        return (value ^ value >> 13) &* 0x27D4_EB2F
    }

    static var word: UInt32 { text(1) }
    static var stemmed: UInt32 { text(2) }
    static var pair: UInt32 { text(3) }
    static var skipped: UInt32 { text(4) }
    static var first: UInt32 { text(5) }
    static var run: UInt32 { text(6) }
    static var beforeRun: UInt32 { text(7) }
    static var afterRun: UInt32 { text(8) }
    static var two: UInt32 { text(9) }
    static var three: UInt32 { text(10) }

    static var unseen: UInt32 { sign(1) }
    static var disguised: UInt32 { sign(2) }
    static var blob: UInt32 { sign(3) }
    static var capitals: UInt32 { sign(4) }
    static var shouting: UInt32 { sign(5) }
    static var mixed: UInt32 { sign(6) }
    static var spelled: UInt32 { sign(7) }
    static var long: UInt32 { sign(8) }

    static var concept: UInt32 { idea(1) }
    static var concepts: UInt32 { idea(2) }
    static var close: UInt32 { idea(3) }
    static var triple: UInt32 { idea(4) }
    static var opening: UInt32 { idea(5) }

    @inline(__always) private static func text(_ kind: UInt32) -> UInt32 { kind &* 0x9E37_79B1 &+ 0x7F4A_7C15 }
    @inline(__always) private static func sign(_ kind: UInt32) -> UInt32 { kind &* 0x85EB_CA6B &+ 0x1656_67B1 }
    @inline(__always) private static func idea(_ kind: UInt32) -> UInt32 { kind &* 0xC2B2_AE35 &+ 0x27D4_EB2F }
}
