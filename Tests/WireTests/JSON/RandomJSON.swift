/// A seeded generator, so that a failing document can be made again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Documents made up by chance: mostly right, in all shapes.
struct RandomJSON {
    var random: SplitMix
    private var text: [UInt8] = []

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func document() -> [UInt8] {
        text = []
        space()
        if Int.random(in: 0..<8, using: &random) == 0 { value(depth: 0) } else { object(depth: 0) }
        space()
        return text
    }

    /// One to three bytes changed, removed, doubled or inserted.
    mutating func damaged(_ document: [UInt8]) -> [UInt8] {
        var bytes = document
        let likely = Array("\"\\{}[]:,u0-.e \n\u{1}ntx".utf8) + [0x80, 0xc3, 0xe2, 0xff]
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let i = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[i] = likely.randomElement(using: &random) ?? 0
            case 1: bytes.remove(at: i)
            case 2: bytes.insert(bytes[i], at: i)
            default: bytes.insert(likely.randomElement(using: &random) ?? 0, at: i)
            }
        }
        return bytes
    }

    private mutating func value(depth: Int) {
        switch Int.random(in: 0..<(depth > 5 ? 5 : 8), using: &random) {
        case 0: text += Array(["true", "false", "null"].randomElement(using: &random)!.utf8)
        case 1: text += Array(["0", "-1", "12.5", "1e9", "-0.0E-3", "18446744073709551616"].randomElement(using: &random)!.utf8)
        case 2, 3, 4: string()
        case 5, 6: object(depth: depth + 1)
        default: array(depth: depth + 1)
        }
    }

    private mutating func object(depth: Int) {
        text.append(UInt8(ascii: "{"))
        let count = Int.random(in: 0...4, using: &random)
        for i in 0..<count {
            space()
            string()
            space()
            text.append(UInt8(ascii: ":"))
            space()
            value(depth: depth)
            space()
            if i + 1 < count { text.append(UInt8(ascii: ",")) }
        }
        space()
        text.append(UInt8(ascii: "}"))
    }

    private mutating func array(depth: Int) {
        text.append(UInt8(ascii: "["))
        let count = Int.random(in: 0...4, using: &random)
        for i in 0..<count {
            space()
            value(depth: depth)
            if i + 1 < count { text.append(UInt8(ascii: ",")) }
        }
        space()
        text.append(UInt8(ascii: "]"))
    }

    private mutating func string() {
        text.append(0x22)
        let pieces = ["\\\\", "\\\"", "\\n", "\\u00e9", "\\ud83d", "é", "日本", "𝄞", "plain text ", "a", "{", "]", ":", ",", "\\/"]
        let length = Int.random(in: 0..<10, using: &random) == 0 ? 60 : 5
        for _ in 0..<Int.random(in: 0...length, using: &random) { text += Array(pieces.randomElement(using: &random)!.utf8) }
        text.append(0x22)
    }

    private mutating func space() {
        for _ in 0..<max(0, Int.random(in: -3...2, using: &random)) { text.append(Array(" \n\r\t".utf8).randomElement(using: &random)!) }
    }
}
