import CConsole
import Schema

/// The documentation that is compiled in, and its table of contents: what `docs/index.md` lists, in its order.
struct Documents: Sendable {
    struct Page: Hashable, Sendable {
        /// As `guide/rules`.
        var path: String
        var title: String
        var summary: String
    }

    struct Section: Hashable, Sendable {
        var title: String
        var pages: [Page]
    }

    /// By path, as `guide/rules.md`; examples as `examples/full.yaml`.
    let files: [String: String]
    let sections: [Section]

    static let bundled = Documents(
        Dictionary(
            uniqueKeysWithValues: (0..<console_documents()).map { index in
                let file = console_document(index)
                let bytes = UnsafeBufferPointer(start: file.bytes, count: file.count)
                return (String(cString: file.name), String(decoding: bytes, as: UTF8.self))
            }))

    init(_ files: [String: String]) {
        self.files = files
        sections = Self.sections(of: files["index.md"] ?? "")
    }

    var pages: [Page] { sections.flatMap(\.pages) }

    /// The lines of the index that are `* [Title](path.md): summary`, below their headings.
    private static func sections(of index: String) -> [Section] {
        var sections: [Section] = []
        for line in index.split(separator: "\n") {
            if line.hasPrefix("## ") { sections.append(Section(title: String(line.dropFirst(3)), pages: [])) }
            guard line.hasPrefix("* ["), !sections.isEmpty, let middle = line.firstRange(of: "]("),
                let end = line[middle.upperBound...].firstIndex(of: ")")
            else { continue }
            let target = line[middle.upperBound..<end]
            guard target.hasSuffix(".md") else { continue }
            let summary = line[line.index(after: end)...].drop { $0 == ":" || $0 == " " }
            sections[sections.count - 1].pages.append(
                Page(
                    path: String(target.dropLast(3)),
                    title: MarkdownInline.plain(String(line[line.index(line.startIndex, offsetBy: 3)..<middle.lowerBound])),
                    summary: MarkdownInline.plain(String(summary))))
        }
        return sections
    }

    /// Where a link on a page leads to; nil: to nothing that is served.
    func place(of link: String, on page: String) -> String? {
        if link.hasPrefix("https://") || link.hasPrefix("http://") || link.hasPrefix("#") { return link }
        let halves = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var path = ["docs"] + page.split(separator: "/").dropLast().map(String.init)
        for part in halves[0].split(separator: "/") where part != "." {
            if part != ".." {
                path.append(String(part))
            } else if path.popLast() == nil {
                return nil
            }
        }
        let anchor = halves.count == 2 ? "#" + halves[1] : ""
        let name = (path.first == "docs" ? Array(path.dropFirst()) : path).joined(separator: "/")
        guard files[name] != nil, path.first == "docs" || path.first == "examples" else { return nil }
        if name == "index.md" { return "/docs/" + anchor }
        return "/docs/" + (name.hasSuffix(".md") ? String(name.dropLast(3)) : name) + anchor
    }

    func markdown(_ name: String) -> Markdown? { files[name].map { text in Markdown(text) { place(of: $0, on: name) } } }

    /// https://llmstxt.org: what there is, for programs that read.
    var summary: String {
        var out = "# Swiftlet\n\n> \(Self.line)\n\nEvery page is Markdown at its address. All of them in one: [everything](/docs/llms-full.txt)\n"
        for section in sections {
            out += "\n## \(section.title)\n\n"
            for page in section.pages { out += "- [\(page.title)](/docs/\(page.path).md): \(page.summary)\n" }
        }
        return out
    }

    var whole: String { pages.compactMap { files[$0.path + ".md"] }.joined(separator: "\n\n---\n\n") }

    static let line = "A self-hosted LLM router: one address and one key for applications, many providers behind it, and a reason for every decision."

    /// Titles and headings, for the search of the pages.
    var search: String {
        let list = pages.map { page -> JSONText in
            let headings = (markdown(page.path + ".md")?.headings ?? []).filter { $0.level > 1 }
            return .object([
                ("path", .string(page.path)), ("title", .string(page.title)), ("summary", .string(page.summary)),
                ("headings", .list(headings.map { .list([.string($0.text), .string($0.id)]) })),
            ])
        }
        return JSONText.object([("pages", .list(list))]).text()
    }
}
