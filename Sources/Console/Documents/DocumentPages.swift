import Storage

/// `/docs`: the documentation as a site, as Markdown, and for programs that read.
enum DocumentPages {
    private static let made = Locked([String: ConsolePages.Page]())

    static func answer(_ call: AdminCall) throws -> AdminAnswer {
        let name = call.path.first == "docs" ? call.rest(after: 1) : call.rest(after: 0)
        if let page = made.withLock({ $0[name] }) { return ConsolePages.answer(call, page) }
        guard let (text, type) = page(name) else {
            throw AdminRefusal(404, "unknown_url", "there is no page `\(name.prefix(100))`; /docs/ lists all")
        }
        let page = ConsolePages.Page(type, Array(text.utf8))
        made.withLock { $0[name] = page }
        return ConsolePages.answer(call, page)
    }

    private static func page(_ name: String) -> (text: String, type: String)? {
        let documents = Documents.bundled
        switch name {
        case "": return html("index.md", documents)
        case "llms.txt": return (documents.summary, "text/plain; charset=utf-8")
        case "llms-full.txt": return (documents.whole, "text/plain; charset=utf-8")
        case "search.json": return (documents.search, "application/json")
        default: break
        }
        if let text = documents.files[name] {
            let end = name.split(separator: ".").last
            return (text, end == "json" ? "application/json" : end == "md" ? "text/markdown; charset=utf-8" : "text/plain; charset=utf-8")
        }
        return html(name + ".md", documents)
    }

    private static func html(_ name: String, _ documents: Documents) -> (text: String, type: String)? {
        guard let markdown = documents.markdown(name) else { return nil }
        return (DocumentLayout(documents, name, markdown).text, "text/html; charset=utf-8")
    }
}

/// A page of the site: its text between a list of all pages, a search, and the way to the next.
struct DocumentLayout {
    private let documents: Documents
    private let path: String
    private let markdown: Markdown

    init(_ documents: Documents, _ name: String, _ markdown: Markdown) {
        (self.documents, self.markdown) = (documents, markdown)
        path = String(name.dropLast(3))
    }

    private func escaped(_ text: String) -> String { MarkdownInline.escaped(text) }

    var text: String {
        let title = markdown.headings.first?.text ?? "Swiftlet"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(escaped(title)) · Swiftlet</title>
            <link rel="icon" href="/console/mark.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/console/docs.css">
            <link rel="alternate" type="text/markdown" href="/docs/\(path).md">
            <script type="module" src="/console/docs.js"></script>
            </head>
            <body>
            <a class="skip" href="#text">To the text</a>
            <header>
            <a class="brand" href="/docs/"><img src="/console/mark.svg" alt="" width="24" height="24"> Swiftlet</a>
            <search><input id="search" type="search" aria-label="Search titles" autocomplete="off"
            aria-controls="found"><ul id="found" hidden></ul></search>
            <a class="pages" href="#pages">Pages</a>
            <a href="/console/">Console</a>
            </header>
            <div class="body">
            <nav id="pages" aria-label="Pages">
            \(contents)</nav>
            <main id="text" tabindex="-1">
            <article>
            \(markdown.html)</article>
            \(onPage)<footer>\(neighbours)<p><a href="/docs/\(path).md">This page as Markdown</a></p></footer>
            </main>
            </div>
            </body>
            </html>

            """
    }

    private var contents: String {
        documents.sections.map { section in
            let links = section.pages.map { page in
                let here = page.path == path ? " aria-current=\"page\"" : ""
                return "<li><a href=\"/docs/\(escaped(page.path))\"\(here)>\(escaped(page.title))</a></li>\n"
            }
            return "<h2>\(escaped(section.title))</h2>\n<ul>\n\(links.joined())</ul>\n"
        }.joined()
    }

    /// What the page has, where it has much.
    private var onPage: String {
        let parts = markdown.headings.filter { $0.level == 2 }
        guard parts.count > 2 else { return "" }
        let links = parts.map { "<li><a href=\"#\($0.id)\">\(escaped($0.text))</a></li>\n" }
        return "<aside aria-label=\"On this page\"><h2>On this page</h2><ul>\n\(links.joined())</ul></aside>\n"
    }

    private var neighbours: String {
        let pages = documents.pages
        guard let at = pages.firstIndex(where: { $0.path == path }) else { return "" }
        let before = at > 0 ? "<a rel=\"prev\" href=\"/docs/\(escaped(pages[at - 1].path))\">← \(escaped(pages[at - 1].title))</a>" : ""
        let after = at + 1 < pages.count ? "<a rel=\"next\" href=\"/docs/\(escaped(pages[at + 1].path))\">\(escaped(pages[at + 1].title)) →</a>" : ""
        return "<p class=\"ways\"><span>\(before)</span><span>\(after)</span></p>"
    }
}
