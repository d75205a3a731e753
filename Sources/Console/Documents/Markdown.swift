/// Markdown as our documents write it, to HTML: headings, paragraphs, lists, tables, quotes, code, links, emphasis. Everything else is text.
/// Nothing of a document becomes markup that is not made here. Linear in the text, but for lists in lists.
struct Markdown {
    struct Heading: Hashable {
        var level: Int
        var text: String
        var id: String
    }

    private(set) var html = ""
    private(set) var headings: [Heading] = []
    private let inline: MarkdownInline

    /// - Parameter link: Where a link leads to; nil: nowhere that is served, so that its text stays alone.
    init(_ text: String, link: @escaping (String) -> String?) {
        inline = MarkdownInline(link: link)
        blocks(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init), isTight: false)
    }

    /// As it would be in a heading's anchor: what GitHub makes of it.
    static func anchor(_ text: String) -> String {
        let kept = text.lowercased().unicodeScalars.filter {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_ ".unicodeScalars.contains($0)
        }
        return String(String.UnicodeScalarView(kept)).split(separator: " ", omittingEmptySubsequences: false).joined(separator: "-")
    }

    // MARK: Blocks

    private mutating func blocks(_ lines: [String], isTight: Bool) {
        var at = 0
        while at < lines.count {
            let line = lines[at]
            if Self.isBlank(line) {
                at += 1
            } else if let fence = Self.fence(line) {
                code(lines, &at, fence)
            } else if line.hasPrefix("<!--") {
                while at < lines.count, !lines[at].contains("-->") { at += 1 }
                at += 1
            } else if let level = Self.heading(line) {
                heading(level, line)
                at += 1
            } else if line.hasPrefix("|"), at + 1 < lines.count, Self.isRule(lines[at + 1]) {
                table(lines, &at)
            } else if Self.item(line) != nil {
                list(lines, &at)
            } else if line.hasPrefix(">") {
                var quoted: [String] = []
                while at < lines.count, lines[at].hasPrefix(">") {
                    quoted.append(String(lines[at].dropFirst(lines[at].hasPrefix("> ") ? 2 : 1)))
                    at += 1
                }
                html += "<blockquote>"
                blocks(quoted, isTight: false)
                html += "</blockquote>\n"
            } else {
                paragraph(lines, &at, isTight: isTight)
            }
        }
    }

    private mutating func paragraph(_ lines: [String], _ at: inout Int, isTight: Bool) {
        let first = at
        at += 1
        while at < lines.count, !Self.isBlank(lines[at]), !Self.beginsBlock(lines, at) { at += 1 }
        let text = inline.html(lines[first..<at].map { String($0.drop { $0 == " " }) }.joined(separator: "\n"))
        html += isTight ? text : "<p>\(text)</p>\n"
    }

    private static func beginsBlock(_ lines: [String], _ at: Int) -> Bool {
        let line = lines[at]
        return fence(line) != nil || heading(line) != nil || item(line) != nil || line.hasPrefix(">") || line.hasPrefix("<!--")
            || line.hasPrefix("|") && at + 1 < lines.count && isRule(lines[at + 1])
    }

    private mutating func heading(_ level: Int, _ line: String) {
        let text = line.drop { $0 == "#" }.drop { $0 == " " }
        let plain = MarkdownInline.plain(String(text))
        let base = Self.anchor(plain)
        let taken = headings.count { $0.id == base || $0.id.hasPrefix(base + "-") && Int($0.id.dropFirst(base.count + 1)) != nil }
        let id = taken == 0 ? base : "\(base)-\(taken)"
        headings.append(Heading(level: level, text: plain, id: id))
        let link = level == 1 ? "" : " <a class=\"anchor\" href=\"#\(id)\" aria-label=\"Link to this part\">#</a>"
        html += "<h\(level) id=\"\(id)\">\(inline.html(String(text)))\(link)</h\(level)>\n"
    }

    private mutating func code(_ lines: [String], _ at: inout Int, _ fence: (marks: String, language: String)) {
        at += 1
        var body: [String] = []
        while at < lines.count, !lines[at].drop(while: { $0 == " " }).hasPrefix(fence.marks) {
            body.append(lines[at])
            at += 1
        }
        at += 1
        let name = fence.language.isEmpty ? "" : " data-language=\"\(MarkdownInline.escaped(fence.language))\""
        let text = body.joined(separator: "\n")
        html += "<pre tabindex=\"0\"\(name)><code>\(MarkdownInline.escaped(text))\n</code></pre>\n"
    }

    // MARK: Tables

    private mutating func table(_ lines: [String], _ at: inout Int) {
        html += "<div class=\"scroll\" tabindex=\"0\"><table>\n"
        let head = Self.cells(lines[at])
        if head.contains(where: { !$0.isEmpty }) {
            html += "<thead><tr>" + head.map { "<th scope=\"col\">\(inline.html($0))</th>" }.joined() + "</tr></thead>\n"
        }
        html += "<tbody>\n"
        at += 2
        while at < lines.count, lines[at].hasPrefix("|") {
            html += "<tr>" + Self.cells(lines[at]).map { "<td>\(inline.html($0))</td>" }.joined() + "</tr>\n"
            at += 1
        }
        html += "</tbody></table></div>\n"
    }

    /// Bars in code and behind backslashes are none.
    static func cells(_ line: String) -> [String] {
        var (cells, cell, isCode, isEscaped) = ([String](), "", false, false)
        for character in line.dropFirst() {
            if isEscaped {
                cell += character == "|" ? "|" : "\\\(character)"
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "|", !isCode {
                cells.append(cell)
                cell = ""
            } else {
                if character == "`" { isCode.toggle() }
                cell.append(character)
            }
        }
        if !isBlank(cell) { cells.append(cell) }
        return cells.map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
    }

    // MARK: Lists

    private mutating func list(_ lines: [String], _ at: inout Int) {
        guard let first = Self.item(lines[at]) else { return }
        html += first.number.map { $0 == 1 ? "<ol>\n" : "<ol start=\"\($0)\">\n" } ?? "<ul>\n"
        while at < lines.count, let item = Self.item(lines[at]), item.indent == first.indent, (item.number == nil) == (first.number == nil) {
            var body = [String(lines[at].dropFirst(item.content))]
            var isLoose = false
            at += 1
            while at < lines.count {
                let line = lines[at]
                if Self.isBlank(line) {
                    // What follows belongs to the item if it is indented.
                    guard let next = lines[at...].firstIndex(where: { !Self.isBlank($0) }), Self.indent(lines[next]) > first.indent else { break }
                    isLoose = true
                    body.append("")
                } else if Self.indent(line) > first.indent {
                    body.append(String(line.dropFirst(min(Self.indent(line), item.content))))
                } else if Self.beginsBlock(lines, at) || Self.isBlank(lines[at - 1]) {
                    break
                } else {
                    body.append(line)
                }
                at += 1
            }
            html += "<li>"
            blocks(body, isTight: !isLoose)
            html += "</li>\n"
            if at < lines.count, Self.isBlank(lines[at]), let next = lines[at...].firstIndex(where: { !Self.isBlank($0) }),
                let following = Self.item(lines[next]), following.indent == first.indent
            {
                at = next
            }
        }
        html += first.number == nil ? "</ul>\n" : "</ol>\n"
    }

    // MARK: Lines

    private static func isBlank(_ line: String) -> Bool { line.allSatisfy { $0 == " " } }
    private static func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }

    private static func heading(_ line: String) -> Int? {
        let level = line.prefix { $0 == "#" }.count
        return 1...6 ~= level && line.dropFirst(level).first == " " ? level : nil
    }

    private static func fence(_ line: String) -> (marks: String, language: String)? {
        let text = line.drop { $0 == " " }
        let marks = text.prefix { $0 == "`" }
        guard marks.count >= 3 else { return nil }
        return (String(marks), String(text.dropFirst(marks.count).prefix { $0 != " " }))
    }

    private static func isRule(_ line: String) -> Bool { line.hasPrefix("|") && line.contains("-") && line.allSatisfy { "|-: ".contains($0) } }

    /// `* `, `- ` or `1. `: how far in it stands, where its text begins, its number.
    private static func item(_ line: String) -> (indent: Int, content: Int, number: Int?)? {
        let indent = indent(line)
        let text = line.dropFirst(indent)
        if text.hasPrefix("* ") || text.hasPrefix("- ") { return (indent, indent + 2, nil) }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard 1...3 ~= digits.count, text.dropFirst(digits.count).hasPrefix(". ") else { return nil }
        return (indent, indent + digits.count + 2, Int(digits))
    }
}
