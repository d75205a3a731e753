/// Finds functions and initialisers with bodies by counting braces.
struct FunctionLength {
    var name: String
    /// Of the declaration's first word, counted from 1.
    var line: Int
    /// From that line to the one that holds the closing brace.
    var length: Int

    static func all(in source: SourceText) -> [FunctionLength] {
        let bytes = Array(source.code.utf8)
        return source.code.matches(of: /\b(?:func\s+[^\s(<]+|init[?!]?\s*[(<]|deinit\b)/).compactMap { match in
            let begin = source.code.utf8.distance(from: source.code.startIndex, to: match.range.lowerBound)
            let afterName = source.code.utf8.distance(from: source.code.startIndex, to: match.range.upperBound)
            let startsArguments = match.output.hasSuffix("(") || match.output.hasSuffix("<")
            // `.init(` and `self.init(` are calls.
            if begin > 0, bytes[begin - 1] == UInt8(ascii: ".") { return nil }
            guard let open = bodyStart(bytes, from: startsArguments ? afterName - 1 : afterName) else { return nil }
            let close = matchingBrace(bytes, from: open)
            let newlines = bytes[begin..<close].count { $0 == UInt8(ascii: "\n") }
            return FunctionLength(
                name: String(match.output), line: 1 + bytes[..<begin].count { $0 == UInt8(ascii: "\n") }, length: newlines + 1)
        }
    }

    /// The opening brace, or nil for a requirement in a protocol, whose declaration ends with its line.
    private static func bodyStart(_ bytes: [UInt8], from start: Int) -> Int? {
        var depth = 0
        for index in start..<bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return index
            case UInt8(ascii: "}") where depth == 0: return nil
            case UInt8(ascii: "\n") where depth == 0:
                let next = String(decoding: bytes[index...].prefix(200), as: UTF8.self).trimmingPrefix(while: \.isWhitespace)
                if !["{", "->", "where", "throws", "async", "rethrows"].contains(where: { next.hasPrefix($0) }) { return nil }
            default: break
            }
        }
        return nil
    }

    private static func matchingBrace(_ bytes: [UInt8], from open: Int) -> Int {
        var depth = 0
        for index in open..<bytes.count {
            if bytes[index] == UInt8(ascii: "{") { depth += 1 }
            if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return index }
        }
        return bytes.count
    }
}
