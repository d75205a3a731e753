/// A Swift file seen in three ways of equal length: as written, only its code, only its comments. What is left out is
/// blanked, so that a line keeps its number in all three.
struct SourceText: Sendable {
    let path: String
    let text: String
    /// Without comments and without the contents of string literals.
    let code: String
    /// Without comments, with string literals.
    let codeAndStrings: String

    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    init(path: String, text: String) {
        self.path = path
        self.text = text
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.run()
        code = String(decoding: scanner.code, as: UTF8.self)
        codeAndStrings = String(decoding: scanner.codeAndStrings, as: UTF8.self)
    }

    /// One entry `path:line: the line` for each line of `view` in which `pattern` is found.
    func findings(_ pattern: Regex<Substring>, in view: KeyPath<SourceText, String> = \.code) -> [String] {
        let written = lines(text)
        return lines(self[keyPath: view]).enumerated().compactMap { number, line in
            line.contains(pattern) ? "\(path):\(number + 1): \(written[number].trimmingPrefix(while: \.isWhitespace))" : nil
        }
    }
}

func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

/// Walks the bytes once. Knows line and nested block comments, plain, raw and multi-line strings, interpolation.
private struct Scanner {
    let bytes: [UInt8]
    var code: [UInt8]
    var codeAndStrings: [UInt8]
    var at = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
        code = bytes
        codeAndStrings = bytes
    }

    mutating func run() {
        while at < bytes.count { step() }
    }

    private func peek(_ offset: Int = 0) -> UInt8 { at + offset < bytes.count ? bytes[at + offset] : 0 }
    private func starts(_ literal: StaticString) -> Bool {
        literal.withUTF8Buffer { wanted in at + wanted.count <= bytes.count && bytes[at..<(at + wanted.count)].elementsEqual(wanted) }
    }

    private mutating func blank(_ range: Range<Int>, strings: Bool) {
        for index in range where bytes[index] != UInt8(ascii: "\n") {
            code[index] = UInt8(ascii: " ")
            if !strings { codeAndStrings[index] = UInt8(ascii: " ") }
        }
    }

    private mutating func step() {
        if starts("//") {
            let begin = at
            while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
            blank(begin..<at, strings: false)
        } else if starts("/*") {
            blockComment()
        } else if peek() == UInt8(ascii: "\"") || peek() == UInt8(ascii: "#") {
            string()
        } else {
            at += 1
        }
    }

    private mutating func blockComment() {
        let begin = at
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                at += 2
            } else if starts("*/") {
                depth -= 1
                at += 2
            } else {
                at += 1
            }
        } while depth > 0 && at < bytes.count
        blank(begin..<min(at, bytes.count), strings: false)
    }

    /// At a quote or a hash; a hash that opens no raw string is stepped over.
    private mutating func string() {
        var hashes = 0
        while peek(hashes) == UInt8(ascii: "#") { hashes += 1 }
        guard peek(hashes) == UInt8(ascii: "\"") else {
            at += max(1, hashes)
            return
        }
        at += hashes
        let multiline = starts("\"\"\"")
        at += multiline ? 3 : 1
        let begin = at
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\n"), !multiline { break }
            if bytes[at] == UInt8(ascii: "\\"), (0..<hashes).allSatisfy({ peek(1 + $0) == UInt8(ascii: "#") }) {
                at += 1 + hashes
                if peek() == UInt8(ascii: "(") { interpolation() } else { at += 1 }
            } else if closes(multiline: multiline, hashes: hashes) {
                break
            } else {
                at += 1
            }
        }
        blank(begin..<min(at, bytes.count), strings: true)
        at += (multiline ? 3 : 1) + hashes
    }

    private func closes(multiline: Bool, hashes: Int) -> Bool {
        let quotes = multiline ? 3 : 1
        return (0..<quotes).allSatisfy { peek($0) == UInt8(ascii: "\"") } && (0..<hashes).allSatisfy { peek(quotes + $0) == UInt8(ascii: "#") }
    }

    /// From the parenthesis that opens it to behind the one that closes it; strings inside may hold parentheses.
    private mutating func interpolation() {
        var depth = 0
        repeat {
            switch peek() {
            case UInt8(ascii: "("):
                depth += 1
                at += 1
            case UInt8(ascii: ")"):
                depth -= 1
                at += 1
            case UInt8(ascii: "\""), UInt8(ascii: "#"): string()
            default: at += 1
            }
        } while depth > 0 && at < bytes.count
    }
}
