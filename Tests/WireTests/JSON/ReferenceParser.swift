/// JSON read the slow and obvious way, byte by byte, to compare the scanner with.
struct ReferenceParser {
    let bytes: [UInt8]
    let deepest: Int
    var at = 0
    /// Names, undecoded, and places of the values of the outermost object.
    var members: [Member] = []

    struct Member: Equatable {
        var name: [UInt8]
        var start: Int
        var end: Int
    }

    struct Wrong: Error {}

    init(_ bytes: [UInt8], deepest: Int = 128) {
        self.bytes = bytes
        self.deepest = deepest
    }

    /// Nil: not JSON.
    static func members(_ bytes: [UInt8], deepest: Int = 128) -> [Member]? {
        var parser = ReferenceParser(bytes, deepest: deepest)
        do {
            parser.space()
            try parser.value(depth: 0)
            parser.space()
        } catch {
            return nil
        }
        return parser.at == bytes.count ? parser.members : nil
    }

    private var here: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func space() {
        while let byte = here, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { at += 1 }
    }

    private mutating func take(_ character: Character) throws {
        guard here == character.asciiValue else { throw Wrong() }
        at += 1
    }

    private mutating func value(depth: Int) throws {
        switch here.map({ Character(UnicodeScalar($0)) }) {
        case "{": try object(depth: depth + 1)
        case "[": try array(depth: depth + 1)
        case "\"": try string()
        case "t": try "true".forEach { try take($0) }
        case "f": try "false".forEach { try take($0) }
        case "n": try "null".forEach { try take($0) }
        default: try number()
        }
    }

    private mutating func object(depth: Int) throws {
        guard depth <= deepest else { throw Wrong() }
        try take("{")
        space()
        if here == 0x7d { return at += 1 }
        while true {
            space()
            let nameStart = at + 1
            try string()
            let name = Array(bytes[nameStart..<at - 1])
            space()
            try take(":")
            space()
            let start = at
            try value(depth: depth)
            if depth == 1 { members.append(Member(name: name, start: start, end: at)) }
            space()
            if here == 0x7d { return at += 1 }
            try take(",")
        }
    }

    private mutating func array(depth: Int) throws {
        guard depth <= deepest else { throw Wrong() }
        try take("[")
        space()
        if here == 0x5d { return at += 1 }
        while true {
            space()
            try value(depth: depth)
            space()
            if here == 0x5d { return at += 1 }
            try take(",")
        }
    }

    private mutating func string() throws {
        try take("\"")
        let start = at
        while let byte = here, byte != 0x22 {
            guard byte >= 0x20 else { throw Wrong() }
            at += 1
            guard byte == 0x5c else { continue }
            guard let escaped = here, Array("\"\\/bfnrtu".utf8).contains(escaped) else { throw Wrong() }
            at += 1
            guard escaped == UInt8(ascii: "u") else { continue }
            for _ in 0..<4 {
                guard let digit = here, Character(UnicodeScalar(digit)).isHexDigit, digit < 0x80 else { throw Wrong() }
                at += 1
            }
        }
        guard String(validating: bytes[start..<at], as: UTF8.self) != nil else { throw Wrong() }
        try take("\"")
    }

    private mutating func number() throws {
        if here == UInt8(ascii: "-") { at += 1 }
        if here == UInt8(ascii: "0") { at += 1 } else { try digits() }
        if here == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if here == UInt8(ascii: "e") || here == UInt8(ascii: "E") {
            at += 1
            if here == UInt8(ascii: "+") || here == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
    }

    private mutating func digits() throws {
        guard let first = here, (0x30...0x39).contains(first) else { throw Wrong() }
        while let digit = here, (0x30...0x39).contains(digit) { at += 1 }
    }
}
