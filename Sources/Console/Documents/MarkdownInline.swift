/// What stands in a line of Markdown: code, links, emphasis, text.
struct MarkdownInline {
    let link: (String) -> String?

    static func escaped(_ text: some StringProtocol) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }

    func html(_ text: String) -> String { html(Array(text)[...]) }

    private func html(_ text: ArraySlice<Character>) -> String {
        var out = ""
        var at = text.startIndex
        while at < text.endIndex {
            let rest = text[at...]
            if text[at] == "\\", at + 1 < text.endIndex, text[at + 1].isPunctuation || text[at + 1].isSymbol {
                out += Self.escaped(String(text[at + 1]))
                at += 2
            } else if text[at] == "`", let (code, next) = Self.code(rest) {
                out += "<code>\(Self.escaped(code))</code>"
                at = next
            } else if text[at] == "[", let (label, target, next) = Self.linked(rest) {
                out += anchored(html(label), target)
                at = next
            } else if text[at] == "*", let (inner, isStrong, next) = Self.emphasis(rest) {
                out += isStrong ? "<strong>\(html(inner))</strong>" : "<em>\(html(inner))</em>"
                at = next
            } else {
                out += Self.escaped(String(text[at]))
                at += 1
            }
        }
        return out
    }

    private func anchored(_ label: String, _ target: String) -> String {
        guard let place = link(target) else { return label }
        let isElsewhere = place.hasPrefix("http")
        return "<a href=\"\(Self.escaped(place))\"\(isElsewhere ? " rel=\"noreferrer\"" : "")>\(label)</a>"
    }

    /// Without its marks: for titles and anchors.
    static func plain(_ text: String) -> String {
        var out = ""
        let text = Array(text)[...]
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == "`", let (code, next) = code(text[at...]) {
                out += code
                at = next
            } else if text[at] == "[", let (label, _, next) = linked(text[at...]) {
                out += plain(String(label))
                at = next
            } else if text[at] == "*", let (inner, _, next) = emphasis(text[at...]) {
                out += plain(String(inner))
                at = next
            } else {
                out.append(text[at])
                at += 1
            }
        }
        return out
    }

    /// Between as many backticks as it begins with.
    private static func code(_ text: ArraySlice<Character>) -> (String, Int)? {
        let marks = text.prefix { $0 == "`" }.count
        var at = text.startIndex + marks
        let first = at
        while at < text.endIndex {
            guard text[at] == "`" else {
                at += 1
                continue
            }
            let run = text[at...].prefix { $0 == "`" }.count
            if run == marks {
                var code = String(text[first..<at].map { $0 == "\n" ? " " : $0 })
                if code.hasPrefix(" "), code.hasSuffix(" "), code.contains("`") { code = String(code.dropFirst().dropLast()) }
                return (code, at + run)
            }
            at += run
        }
        return nil
    }

    /// `[label](target)`; brackets in the label match, or are in code.
    private static func linked(_ text: ArraySlice<Character>) -> (ArraySlice<Character>, String, Int)? {
        var (depth, at) = (0, text.startIndex)
        while at < text.endIndex {
            switch text[at] {
            case "`":
                if let (_, next) = code(text[at...]) {
                    at = next
                    continue
                }
            case "[": depth += 1
            case "]": depth -= 1
            default: break
            }
            if depth == 0 { break }
            at += 1
        }
        guard at + 1 < text.endIndex, text[at + 1] == "(", let end = text[(at + 2)...].firstIndex(of: ")") else { return nil }
        let target = String(text[(at + 2)..<end])
        guard !target.contains(" "), !target.contains("\n") else { return nil }
        return (text[(text.startIndex + 1)..<at], target, end + 1)
    }

    /// `*so*` and `**so**`: what it is around begins and ends with something to see.
    private static func emphasis(_ text: ArraySlice<Character>) -> (ArraySlice<Character>, isStrong: Bool, Int)? {
        let marks = text.dropFirst().first == "*" ? 2 : 1
        let first = text.startIndex + marks
        guard first < text.endIndex, !text[first].isWhitespace, text[first] != "*" else { return nil }
        var at = first
        while at < text.endIndex {
            if text[at] == "`", let (_, next) = code(text[at...]) {
                at = next
                continue
            }
            if text[at] == "*", !text[at - 1].isWhitespace {
                let run = text[at...].prefix { $0 == "*" }.count
                if run == marks { return (text[first..<at], marks == 2, at + marks) }
                at += run
                continue
            }
            at += 1
        }
        return nil
    }
}
