import Schema

/// Reads JSON (RFC 8259) that came with a request into a node. Strict, unlike YAML: what is no JSON is refused, and bounds keep a
/// hostile body cheap.
public enum JSONNode {
    private static let maxDepth = 48
    private static let maxNodes = 20_000

    /// Nil when it is no JSON, is nested too deep or too large.
    public static func read(_ bytes: UnsafeRawBufferPointer) -> Node? { read(bytes, mostNodes: maxNodes, countsLines: false) }

    /// - Parameter countsLines: It is a file's text, so nodes know their lines.
    static func read(_ bytes: UnsafeRawBufferPointer, mostNodes: Int, countsLines: Bool) -> Node? {
        var parser = Parser(bytes: bytes, mostNodes: mostNodes, line: countsLines ? 1 : 0)
        guard let node = parser.value(depth: 0) else { return nil }
        parser.skipSpace()
        return parser.at == bytes.count ? node : nil
    }

    public static func read(_ text: String) -> Node? { Array(text.utf8).withUnsafeBytes { read($0) } }

    private struct Parser {
        let bytes: UnsafeRawBufferPointer
        let mostNodes: Int
        /// 0 where lines are not counted.
        var line: Int
        var at = 0
        var count = 0

        private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

        mutating func skipSpace() {
            while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
                if byte == 0x0a, line > 0 { line += 1 }
                at += 1
            }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard next == byte else { return false }
            at += 1
            return true
        }

        mutating func value(depth: Int) -> Node? {
            count += 1
            guard depth <= maxDepth, count <= mostNodes else { return nil }
            skipSpace()
            switch next {
            case UInt8(ascii: "{"): return map(depth)
            case UInt8(ascii: "["): return list(depth)
            case UInt8(ascii: "\""): return string().map { .text($0, line: line) }
            case UInt8(ascii: "t"): return word("true")
            case UInt8(ascii: "f"): return word("false")
            case UInt8(ascii: "n"): return word("null")
            default: return number()
            }
        }

        private mutating func map(_ depth: Int) -> Node? {
            at += 1
            let start = line
            var entries: [Node.Entry] = []
            if take(UInt8(ascii: "}")) { return Node(.map([]), line: start) }
            repeat {
                skipSpace()
                let place = line
                guard next == UInt8(ascii: "\""), let name = string(), take(UInt8(ascii: ":")), let node = value(depth: depth + 1) else { return nil }
                entries.append(Node.Entry(name, line: place, node))
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? Node(.map(entries), line: start) : nil
        }

        private mutating func list(_ depth: Int) -> Node? {
            at += 1
            let start = line
            var items: [Node] = []
            if take(UInt8(ascii: "]")) { return .list([], line: start) }
            repeat {
                guard let item = value(depth: depth + 1) else { return nil }
                items.append(item)
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "]")) ? .list(items, line: start) : nil
        }

        private mutating func word(_ word: String) -> Node? {
            guard bytes.count - at >= word.utf8.count, bytes[at..<at + word.utf8.count].elementsEqual(word.utf8) else { return nil }
            at += word.utf8.count
            return .plain(word, line: line)
        }

        private mutating func number() -> Node? {
            let start = at
            while let byte = next, JSONNumber.bytes.contains(byte) { at += 1 }
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            return JSONNumber.isNumber(text) ? .plain(text, line: line) : nil
        }

        private mutating func string() -> String? {
            at += 1
            var text: [UInt8] = []
            while let byte = next {
                at += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
                case UInt8(ascii: "\\"): guard escape(&text) else { return nil }
                case 0..<0x20: return nil
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func escape(_ text: inout [UInt8]) -> Bool {
            guard let byte = next else { return false }
            at += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"): return unicode(&text)
            default: return false
            }
            return true
        }

        /// A lone surrogate is no character, and a name that has one means nothing here.
        private mutating func unicode(_ text: inout [UInt8]) -> Bool {
            guard var code = hex() else { return false }
            if code & 0xfc00 == 0xd800 {
                guard next == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") else { return false }
                at += 2
                guard let low = hex(), low & 0xfc00 == 0xdc00 else { return false }
                code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
            }
            guard let scalar = Unicode.Scalar(code) else { return false }
            text += Array(String(Character(scalar)).utf8)
            return true
        }

        private mutating func hex() -> UInt32? {
            guard bytes.count - at >= 4 else { return nil }
            let digits = String(decoding: bytes[at..<at + 4], as: UTF8.self)
            at += 4
            return digits.first == "+" || digits.first == "-" ? nil : UInt32(digits, radix: 16)
        }
    }
}

enum JSONNumber {
    static let bytes = Set("+-.0123456789eE".utf8)

    /// The grammar of RFC 8259, section 6.
    static func isNumber(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "-" { rest.removeFirst() }
        func digits() -> Int {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest.removeFirst(digits.count)
            return digits.count
        }
        let leads = rest.first == "0"
        let whole = digits()
        guard whole > 0, !(leads && whole > 1) else { return false }
        if rest.first == "." {
            rest.removeFirst()
            if digits() == 0 { return false }
        }
        if rest.first == "e" || rest.first == "E" {
            rest.removeFirst()
            if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
            if digits() == 0 { return false }
        }
        return rest.isEmpty
    }
}

extension Node {
    /// As JSON without space between its tokens. What YAML calls a number, true, false or nothing is that; all else is text.
    var jsonText: String {
        switch content {
        case .scalar(let text, let quoted):
            if isNull { return "null" }
            if !quoted, ["true", "false"].contains(text) || JSONNumber.isNumber(text) { return text }
            return JSONText.string(text).text()
        case .list(let items): return "[" + items.map(\.jsonText).joined(separator: ",") + "]"
        case .map(let entries):
            return "{" + entries.map { JSONText.string($0.name).text() + ":" + $0.node.jsonText }.joined(separator: ",") + "}"
        }
    }
}
